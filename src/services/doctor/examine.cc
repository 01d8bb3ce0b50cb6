#include "services/doctor/examine.h"

#include <algorithm>
#include <new>
#include <span>

#include "runtime/scope.h"
#include "runtime/wait.h"

namespace sp::doctor {

using config::ProxyVersion;
using runtime::Task;
using runtime::TimePoint;

namespace {

// Whoever has not answered by then may be waiting for something else. Later than patience_with_strangers, so that
// their silence is known before.
constexpr runtime::Duration head_start{1200};

// Where another way works, what is configured has had its chance when it has said nothing for so long.
constexpr runtime::Duration patience_beside_another{2500};

struct Trial {
  Observation seen;
  bool ended = false;
};

Task<void> try_one(const ProbeWorld& world, const Subject& subject, Way way, TimePoint deadline,
                   runtime::CancelToken& token, Trial& trial, runtime::Event& ended) {
  trial.seen.way = way;
  try {
    co_await probe(world, subject, way, deadline, token, trial.seen);
  } catch (const std::bad_alloc&) {  // nothing is known then; what serves has better use for memory
    trial.seen.outcome = Outcome::given_up;
  }
  trial.ended = true;
  ended.set();
}

bool is_final(Outcome outcome) { return begins_well(outcome) || outcome == Outcome::unreachable; }

bool others_are_wanted(const Trial& configured, Effort effort) {
  if (effort == Effort::all) return true;
  if (!configured.ended) return true;
  if (configured.seen.outcome == Outcome::quiet) return effort == Effort::if_in_doubt;
  return !is_final(configured.seen.outcome);
}

bool another_works(std::span<const Trial> trials) {
  return std::ranges::any_of(trials.subspan(1),
                             [](const Trial& each) { return each.ended && begins_well(each.seen.outcome); });
}

std::string_view scheme_of(codec::mail::Protocol protocol) {
  switch (protocol) {
    case codec::mail::Protocol::smtp: return "smtp";
    case codec::mail::Protocol::imap: return "imap";
    case codec::mail::Protocol::pop3: return "pop3";
    case codec::mail::Protocol::sieve: break;
  }
  return "sieve";
}

Circumstances circumstances_of(const Subject& subject) {
  return {
      .server = subject.address,
      .scheme = subject.scheme,
      .target_place = subject.target_place,
      .proxy_place = subject.upstream->send_proxy.on() ? subject.upstream->send_proxy.place_text : std::string(),
      .mail = subject.speech.kind == Speech::Kind::mail ? std::string(scheme_of(subject.speech.mail)) : std::string(),
      .passes_tls = subject.passes_tls};
}

}  // namespace

std::vector<Way> ways_to(const Subject& subject) {
  const Way configured{subject.upstream->send_proxy.version, subject.tls};
  std::vector<Way> all{configured};
  const Tls other = subject.tls == Tls::at_once ? Tls::none : Tls::at_once;
  for (const Tls tls : {subject.tls, other}) {
    for (const ProxyVersion version : {ProxyVersion::v2, ProxyVersion::v1, ProxyVersion::off}) {
      if (const Way way{version, tls}; way != configured) all.push_back(way);
    }
  }
  return all;
}

Task<void> examine(const ProbeWorld& world, const Subject& subject, Effort effort, runtime::CancelToken& token,
                   Examination& into) {
  const TimePoint begin = world.loop.now(), deadline = begin + most_time;
  const std::vector<Way> ways = ways_to(subject);
  std::vector<Trial> trials(ways.size());
  const Trial& configured = trials.front();
  into.subject = &subject;
  runtime::Scope scope(token);
  runtime::Event ended;
  std::size_t begun = 0;
  const auto begin_next = [&] {
    try {
      scope.spawn(try_one(world, subject, ways[begun], deadline, scope.token(), trials[begun], ended));
    } catch (const std::bad_alloc&) {  // as if it had been given up
      trials[begun].ended = true;
    }
    ++begun;
  };
  begin_next();
  if (effort != Effort::all) {
    [[maybe_unused]] const auto waited = co_await ended.wait(begin + head_start, &token);
  }
  if (!token.cancelled() && others_are_wanted(configured, effort)) {
    while (begun < ways.size()) begin_next();
  }
  bool too_late = false;
  while (scope.running() != 0 && !token.cancelled() && world.loop.now() < deadline) {
    const TimePoint chance =
        effort != Effort::all && another_works(trials) ? begin + patience_beside_another : deadline;
    too_late = !configured.ended && world.loop.now() >= chance;
    // What is configured only took its time: then what the others would show is of no use.
    const bool known = effort != Effort::all && configured.ended && is_final(configured.seen.outcome);
    if (known || too_late) scope.cancel();
    if (known || too_late) break;
    ended.clear();
    [[maybe_unused]] const auto waited = co_await ended.wait(configured.ended ? deadline : chance, &token);
  }
  co_await scope.join();
  if (too_late) trials.front().seen.outcome = Outcome::silent;
  for (std::size_t i = 0; i < begun; ++i) into.seen.push_back(std::move(trials[i].seen));
  into.diagnosis = diagnose(circumstances_of(subject), into.seen);
}

}  // namespace sp::doctor
