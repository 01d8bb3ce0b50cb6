#include "app/doctor_command.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <ostream>

#include "app/load_snapshot.h"
#include "base/units.h"
#include "config/suggest.h"
#include "services/doctor/round.h"
#include "services/health/once.h"

namespace sp::app {
namespace {

using doctor::Examination;
using doctor::Observation;
using doctor::Outcome;
using doctor::Subject;

// Those that are meant; says on `err` which word means none.
std::optional<std::vector<Subject>> chosen(std::vector<Subject> all, const std::vector<std::string>& words,
                                           const CommandWorld& world) {
  if (words.empty()) return all;
  for (const std::string& word : words) {
    if (std::ranges::any_of(all, [&](const Subject& subject) { return is_meant(subject, word); })) continue;
    std::vector<std::string_view> names;
    for (const Subject& subject : all)
      names.insert(names.end(), {subject.upstream->name, subject.name, subject.address});
    const std::string_view best = config::nearest(word, names);
    world.err << fmt::format("No entry or route goes to `{}`{}\n", word,
                             best.empty() ? "." : fmt::format(": did you mean `{}`?", best));
    return std::nullopt;
  }
  std::erase_if(all, [&](const Subject& subject) {
    return std::ranges::none_of(words, [&](const std::string& word) { return is_meant(subject, word); });
  });
  return all;
}

// ---- what the checks of health say

// Longer than any server should take, and short enough for who waits.
constexpr runtime::Duration most_for_checks{4000};

std::vector<health::CheckResult> checks_of(const proxy::Snapshot& snapshot, const std::vector<Examination>& found) {
  std::vector<health::Target> targets;
  for (const Examination& one : found) targets.push_back({one.subject->upstream, one.subject->server});
  return health::check_once(snapshot, targets, most_for_checks);
}

bool is_wrong(const Examination& one, const health::CheckResult& check) {
  return one.diagnosis.has_value() || check.outcome == health::Outcome::failed;
}

// ---- for people

std::string reached(const Observation& seen) {
  if (seen.address.empty()) return "no: " + seen.detail;
  return seen.gate.empty() ? seen.address : fmt::format("{}, from {}", seen.address, seen.gate);
}

std::string tls_text(const Subject& subject, const Observation& seen) {
  if (!seen.tls_version.empty()) {
    const std::string_view how = seen.way.tls == doctor::Tls::starttls ? " by STARTTLS" : "";
    const std::string_view whose = subject.passes_tls ? " (not checked: it is between clients and the server)" : "";
    return fmt::format("{}{}{}{}", seen.tls_version, how,
                       seen.certificate.empty() ? "" : ", certificate of " + seen.certificate, whose);
  }
  if (seen.way.tls == doctor::Tls::none) return "none";
  return seen.outcome == Outcome::certificate ? "the certificate is refused here" : "no handshake";
}

std::string proxy_text(const Observation& seen) {
  const std::string_view version = seen.way.header == config::ProxyVersion::off  ? "no header is sent"
                                   : seen.way.header == config::ProxyVersion::v1 ? "version 1 is sent"
                                                                                 : "version 2 is sent";
  return fmt::format("{}: {}", version, reaction_text(seen));
}

std::string identity_text(const Subject& subject, const Observation& seen) {
  const bool imap = subject.speech.mail == codec::mail::Protocol::imap;
  const std::string_view word = imap ? "ID" : "XCLIENT";
  switch (seen.identity) {
    case doctor::Identity::not_asked: return {};
    case doctor::Identity::taken:
      // It has no other answer for those whom it does not believe.
      return fmt::format("{} is taken{}", word,
                         imap ? "; whether it is believed, the log of the server shows alone" : "");
    case doctor::Identity::not_offered: return fmt::format("{} is not offered", word);
    case doctor::Identity::refused: return fmt::format("{} is refused ({})", word, seen.answer);
  }
  return {};
}

std::string check_text(const Subject& subject, const health::CheckResult& check) {
  if (check.outcome == health::Outcome::well) return "its check is well";
  return fmt::format("its check fails ({}): {}", subject.upstream->health->place_text, check.why);
}

void print(const Examination& one, const health::CheckResult& check, const CommandWorld& world) {
  const Subject& subject = *one.subject;
  const Observation& first = one.seen.front();
  world.out << fmt::format("{} (entry {}, {})\n", subject.name, subject.entry, subject.target_place);
  world.out << fmt::format("  reachable  {}\n", reached(first));
  if (!first.address.empty()) {
    world.out << fmt::format("  tls        {}\n", tls_text(subject, first));
    world.out << fmt::format("  proxy      {}\n", proxy_text(first));
  }
  if (const std::string identity = identity_text(subject, first); !identity.empty())
    world.out << fmt::format("  identity   {}\n", identity);
  for (const Observation& other : std::span(one.seen).subspan(1))
    world.out << fmt::format("  tried      {}: {}\n", way_text(other.way), reaction_text(other));
  if (check.outcome != health::Outcome::unknown)
    world.out << fmt::format("  health     {}\n", check_text(subject, check));
  if (!one.diagnosis && check.outcome == health::Outcome::failed) return;
  if (!one.diagnosis) {
    world.out << (first.outcome == Outcome::well ? "  well\n"
                                                 : "  well, as far as can be seen: it waits for clients to speak\n");
    return;
  }
  world.out << fmt::format("  wrong      {}: {}\n", name(one.diagnosis->code), one.diagnosis->text);
  if (!one.diagnosis->remedy.empty()) world.out << fmt::format("  remedy     {}\n", one.diagnosis->remedy);
}

// ---- for programs

std::string_view word(Outcome outcome) {
  switch (outcome) {
    case Outcome::well: return "well";
    case Outcome::quiet: return "quiet";
    case Outcome::took_header: return "took_header_for_command";
    case Outcome::refused: return "refused";
    case Outcome::other_speech: return "other_protocol";
    case Outcome::wants_tls: return "wants_tls";
    case Outcome::tls_failed: return "tls_failed";
    case Outcome::certificate: return "certificate_refused";
    case Outcome::no_starttls: return "no_starttls";
    case Outcome::closed: return "closed";
    case Outcome::silent: return "silent";
    case Outcome::unreachable: return "unreachable";
    case Outcome::given_up: return "given_up";
  }
  return {};
}

std::string_view word(doctor::Identity identity) {
  switch (identity) {
    case doctor::Identity::not_asked: return "not_asked";
    case doctor::Identity::taken: return "taken";
    case doctor::Identity::not_offered: return "not_offered";
    case doctor::Identity::refused: return "refused";
  }
  return {};
}

nlohmann::json json_of(const Observation& seen) {
  const std::string_view header = seen.way.header == config::ProxyVersion::off  ? "off"
                                  : seen.way.header == config::ProxyVersion::v1 ? "v1"
                                                                                : "v2";
  const std::string_view tls = seen.way.tls == doctor::Tls::none       ? "none"
                               : seen.way.tls == doctor::Tls::starttls ? "starttls"
                                                                       : "tls";
  return {{"send_proxy", header},    {"tls", tls},        {"outcome", word(seen.outcome)},  {"answer", seen.answer},
          {"address", seen.address}, {"gate", seen.gate}, {"identity", word(seen.identity)}};
}

nlohmann::json json_of(const Examination& one, const health::CheckResult& check) {
  nlohmann::json tried = nlohmann::json::array();
  for (const Observation& seen : one.seen) tried.push_back(json_of(seen));
  nlohmann::json result{{"server", one.subject->name},
                        {"upstream", one.subject->upstream->name},
                        {"entry", one.subject->entry},
                        {"place", one.subject->target_place},
                        {"well", !is_wrong(one, check)},
                        {"tls_version", one.seen.front().tls_version},
                        {"certificate", one.seen.front().certificate},
                        {"tried", std::move(tried)}};
  if (one.diagnosis) {
    result["code"] = name(one.diagnosis->code);
    result["what"] = one.diagnosis->text;
    result["remedy"] = one.diagnosis->remedy;
  }
  if (check.outcome != health::Outcome::unknown) result["health"] = check_text(*one.subject, check);
  return result;
}

}  // namespace

Exit doctor_command(const DoctorArguments& arguments, const CommandWorld& world) {
  auto path = find_configuration(arguments.file, world);
  if (!path) return Exit::usage;
  LoadedSnapshot loaded = load_snapshot(*path, NamedFiles::if_readable, world);
  if (loaded.snapshot == nullptr) {
    world.err << config::print(loaded.findings, loaded.sources, world.err_color);
    return Exit::configuration;
  }
  auto subjects = chosen(doctor::subjects_of(*loaded.snapshot, doctor::Which::all), arguments.upstreams, world);
  if (!subjects) return Exit::usage;
  doctor::Round round(loaded.snapshot, *std::move(subjects),
                      arguments.try_all ? doctor::Effort::all : doctor::Effort::if_in_doubt);
  const std::vector<Examination> found = round.run();
  const std::vector<health::CheckResult> checks = checks_of(*loaded.snapshot, found);
  std::size_t wrong = 0;
  for (std::size_t i = 0; i < found.size(); ++i) wrong += is_wrong(found[i], checks[i]) ? 1 : 0;
  if (arguments.format == Format::json) {
    nlohmann::json all = nlohmann::json::array();
    for (std::size_t i = 0; i < found.size(); ++i) all.push_back(json_of(found[i], checks[i]));
    world.out << all.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) << "\n";
  } else {
    for (std::size_t i = 0; i < found.size(); ++i) print(found[i], checks[i], world);
    world.out << fmt::format("{}: {}\n", counted(found.size(), "server"),
                             wrong == 0 ? "nothing is wrong" : fmt::format("something is wrong with {}", wrong));
  }
  return wrong == 0 ? Exit::ok : Exit::failed;
}

}  // namespace sp::app
