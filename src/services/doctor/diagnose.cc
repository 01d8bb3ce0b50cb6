#include "services/doctor/diagnose.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

namespace sp::doctor {
namespace {

using config::ProxyVersion;

bool in_tls(Tls tls) { return tls == Tls::at_once; }
std::string_view number(ProxyVersion version) { return version == ProxyVersion::v1 ? "1" : "2"; }
std::string at(std::string_view place) { return place.empty() ? std::string() : fmt::format(" ({})", place); }

class Doctor {
 public:
  Doctor(const Circumstances& about, std::span<const Observation> seen)
      : about_(about), seen_(seen), first_(seen.front()) {}

  std::optional<Diagnosis> diagnosis() const {
    switch (first_.outcome) {
      case Outcome::well: return of_what_answers();
      case Outcome::given_up: return std::nullopt;
      case Outcome::unreachable: return Diagnosis{first_.code, "cannot connect: " + first_.detail, first_.remedy};
      case Outcome::certificate: return Diagnosis{first_.code, first_.detail, first_.remedy};
      case Outcome::other_speech:
        return Diagnosis{
            Code::mail_reply_malformed,
            fmt::format("{} speaks another protocol than its scheme or port say ({})", server(), first_.answer),
            speech_remedy()};
      case Outcome::no_starttls:
        return Diagnosis{Code::starttls_refused,
                         fmt::format("{} does not offer STARTTLS ({})", server(), first_.answer),
                         starttls_remedy("it")};
      default: break;
    }
    if (const Observation* works = what_works()) return from_what_works(*works);
    if (first_.outcome == Outcome::quiet) return std::nullopt;
    return from_what_does_not();
  }

 private:
  // ---- it answers, and yet

  std::optional<Diagnosis> of_what_answers() const {
    if (first_.identity == Identity::not_offered || first_.identity == Identity::refused) return no_identity();
    if (first_.log_in_disabled) return no_log_in();
    return std::nullopt;
  }

  Diagnosis no_identity() const {
    const std::string_view word = about_.mail == "imap" ? "ID" : "XCLIENT";
    const std::string what = first_.identity == Identity::refused
                                 ? fmt::format("refuses {} from {} ({})", word, gate(), first_.answer)
                                 : fmt::format("does not offer {} to {}", word, gate());
    return {Code::mail_identity_refused,
            fmt::format("{} {}: it is not told who connects, and no session comes about", server(), what),
            fmt::format("{}, or write `send_proxy: v2` in place of `xclient: on` here{}, if it takes that",
                        how_to_trust_identity(product(), gate(), word), at(about_.target_place))};
  }

  Diagnosis no_log_in() const {
    return {Code::mail_log_in_disabled,
            fmt::format("{} takes no log-in in clear, and this gate speaks to it in clear: users cannot log in ({})",
                        server(), first_.answer),
            fmt::format("write `{}://` (STARTTLS) or `tls://` in place of `{}://`{}, or {}", about_.mail, about_.scheme,
                        at(about_.target_place), how_to_take_log_ins(product()))};
  }

  // ---- what would work

  // What differs least from the configuration wins: where a header alone makes the difference, it is the header. Of
  // what clients pass through to the server, whether it is TLS is theirs to say. Where nothing works, a beginning that
  // the server understands is to be written all the same, and what is wrong behind it besides.
  const Observation* what_works() const {
    const Observation* best = nullptr;
    for (const Observation& each : seen_.subspan(1)) {
      const bool half = begins_well(each.outcome) && (differs_in_header(each) || differs_in_tls(each));
      if (each.outcome != Outcome::well && !half) continue;
      if (best == nullptr || rank(each) < rank(*best)) best = &each;
    }
    return best;
  }
  int rank(const Observation& other) const { return (other.outcome == Outcome::well ? 0 : 100) + distance(other); }
  int distance(const Observation& other) const {
    const int header = other.way.header == first_.way.header ? 0 : other.way.header == ProxyVersion::v2 ? 2 : 3;
    const int tls = in_tls(other.way.tls) == in_tls(first_.way.tls) ? 0 : about_.passes_tls ? 1 : 10;
    return header + tls;
  }
  bool differs_in_header(const Observation& other) const { return other.way.header != first_.way.header; }
  bool differs_in_tls(const Observation& other) const {
    return in_tls(other.way.tls) != in_tls(first_.way.tls) && !about_.passes_tls;
  }

  std::optional<Diagnosis> from_what_works(const Observation& works) const {
    const bool other_header = differs_in_header(works), other_tls = differs_in_tls(works);
    if (!other_header && !other_tls) return std::nullopt;
    Diagnosis found = other_header ? wrong_header(works) : wrong_tls(works);
    if (other_header && other_tls) {
      found.text += in_tls(works.way.tls) ? ", and it speaks TLS" : ", and it does not speak TLS at once";
      found.remedy += "; besides, " + tls_remedy(works);
    }
    if (const std::string more = remedy_behind(works); !more.empty()) found.remedy += "; besides, " + more;
    return found;
  }

  // Where the beginning is right: of what is wrong behind it.
  std::string remedy_behind(const Observation& works) const {
    switch (works.outcome) {
      case Outcome::certificate: return works.detail + ": " + works.remedy;
      case Outcome::no_starttls: return starttls_remedy("STARTTLS");
      case Outcome::other_speech: return speech_remedy();
      default: return {};
    }
  }

  Diagnosis wrong_header(const Observation& works) const {
    const std::string reaction = first_reaction();
    const std::string answer = reaction_text(works);
    if (first_.way.header == ProxyVersion::off) {
      return {Code::proxy_expected,
              fmt::format("{} expects the PROXY protocol: without a header {}, with one of version {} {}", server(),
                          reaction, number(works.way.header), answer),
              fmt::format("add `send_proxy: v{}` here{}, or {}", number(works.way.header), at(about_.target_place),
                          how_to_expect_none(product(), gate()))};
    }
    if (works.way.header != ProxyVersion::off) {
      return {
          Code::proxy_peer_unlisted,
          fmt::format("{} expects version {} of the PROXY protocol and is sent version {}: to that {}, to the other {}",
                      server(), number(works.way.header), number(first_.way.header), reaction, answer),
          fmt::format("write `send_proxy: v{}` here{}", number(works.way.header), at(about_.proxy_place))};
    }
    return {Code::proxy_not_expected,
            fmt::format("{} does not expect the PROXY protocol: {}", server(),
                        first_.outcome == Outcome::took_header
                            ? reaction
                            : fmt::format("with a header {}, without one {}", reaction, answer)),
            not_expected_remedy()};
  }

  Diagnosis wrong_tls(const Observation& works) const {
    return {
        Code::upstream_tls_failed,
        in_tls(works.way.tls)
            ? fmt::format("{} speaks TLS from the first octet: in clear {}", server(), first_reaction())
            : fmt::format("{} does not speak TLS from the first octet: in clear {}", server(), reaction_text(works)),
        tls_remedy(works)};
  }

  std::string starttls_remedy(std::string_view what) const {
    return fmt::format("turn {} on in the server, or write `tcp://` in place of `{}://`{}", what, about_.scheme,
                       at(about_.target_place));
  }
  std::string speech_remedy() const {
    return fmt::format("write another port or scheme for the server{}", at(about_.target_place));
  }
  std::string tls_remedy(const Observation& works) const {
    const bool web = is_web();
    const std::string_view scheme = in_tls(works.way.tls) ? (web ? "https" : "tls") : (web ? "http" : "tcp");
    const std::string_view starttls =
        in_tls(works.way.tls) || web ? "" : " (or, for STARTTLS, `smtp://`, `imap://`, `pop3://` or `sieve://`)";
    return fmt::format("write `{}://`{} in place of `{}://`{}, or another port", scheme, starttls, about_.scheme,
                       at(about_.target_place));
  }

  // ---- nothing would

  Diagnosis from_what_does_not() const {
    const bool sends = first_.way.header != ProxyVersion::off;
    if (first_.outcome == Outcome::took_header)
      return {Code::proxy_not_expected,
              fmt::format("{} does not expect the PROXY protocol: {}", server(), first_reaction()),
              not_expected_remedy()};
    if (first_.outcome == Outcome::refused && is_web())
      return {Code::bad_status_line, fmt::format("{} does not answer in HTTP ({})", server(), first_.answer),
              fmt::format("look at the port that is written here{}", at(about_.target_place))};
    if (first_.outcome == Outcome::refused)
      return {Code::mail_server_refused, fmt::format("{} sends this gate away ({})", server(), first_.answer),
              "look into the log of the server"};
    if (first_.outcome == Outcome::tls_failed && !all(&is_gone)) return {first_.code, first_.detail, first_.remedy};
    if (first_.outcome == Outcome::wants_tls)
      return {Code::upstream_tls_failed, fmt::format("{} wants TLS ({})", server(), first_.answer),
              tls_remedy_unseen()};
    if (sends && is_gone(first_) && (seen_.size() == 1 || all(&is_gone)))
      return {Code::proxy_peer_unlisted,
              fmt::format("{} ends the connection when it has read the PROXY header{}: it takes none from {}", server(),
                          seen_.size() == 1 ? "" : ", of either version, and without one as well", gate()),
              how_to_trust(product(), gate()) + version_hint()};
    if (is_gone(first_))
      return {Code::upstream_closed,
              fmt::format("{} closes the connection without a word{}", server(),
                          seen_.size() == 1 ? "" : ", whether it is sent a PROXY header or not"),
              fmt::format("look into its log: it may ban {}, or take PROXY headers from others only (Dovecot: "
                          "`haproxy_trusted_networks`; Stalwart: proxyTrustedNetworks)",
                          gate())};
    return {Code::response_head_timeout,
            fmt::format("{} accepts connections and says nothing{}", server(),
                        seen_.size() == 1 ? "" : ", whether it is sent a PROXY header or not"),
            "look whether the server is overloaded, and what it says in its log; where it only greets late, sessions "
            "wait for it (`timeouts.response_head`)"};
  }

  std::string version_hint() const { return seen_.size() == 1 ? ", or send the other version" : ""; }
  std::string tls_remedy_unseen() const {
    Observation tls;
    tls.way.tls = Tls::at_once;
    return tls_remedy(tls);
  }

  bool is_web() const { return about_.scheme == "http" || about_.scheme == "https" || about_.scheme == "h2c"; }
  static bool is_gone(const Observation& each) {
    return each.outcome == Outcome::closed || (each.outcome == Outcome::tls_failed && each.answer.empty());
  }
  bool all(bool (*what)(const Observation&)) const {
    return std::ranges::all_of(
        seen_, [&](const Observation& each) { return each.outcome == Outcome::given_up || what(each); });
  }

  // ---- words

  std::string not_expected_remedy() const {
    return fmt::format("{}, or remove `send_proxy` here{}", how_to_expect(product(), gate()), at(about_.proxy_place));
  }
  std::string first_reaction() const { return reaction_text(first_); }
  // Any of its answers shows which program it is.
  Product product() const {
    for (const Observation& each : seen_) {
      if (each.product != Product::unknown) return each.product;
    }
    return Product::unknown;
  }
  std::string gate() const {
    for (const Observation& each : seen_) {
      if (!each.gate.empty()) return each.gate;
    }
    return "this gate's address";
  }
  std::string server() const {
    if (first_.address.empty() || first_.address == about_.server) return about_.server;
    return fmt::format("{} ({})", about_.server, first_.address);
  }

  const Circumstances& about_;
  std::span<const Observation> seen_;
  const Observation& first_;
};

}  // namespace

std::optional<Diagnosis> diagnose(const Circumstances& about, std::span<const Observation> seen) {
  return seen.empty() ? std::nullopt : Doctor(about, seen).diagnosis();
}

std::string reaction_text(const Observation& seen) {
  const std::string answer = seen.answer.empty() ? std::string() : fmt::format(" ({})", seen.answer);
  switch (seen.outcome) {
    case Outcome::well:
      return "it answers" + (answer.empty() && in_tls(seen.way.tls) ? std::string(" with TLS") : answer);
    case Outcome::quiet: return answer.empty() ? "it waits for the client to speak" : "it answers" + answer;
    case Outcome::took_header: return "it took the header for a command" + answer;
    case Outcome::refused: return "it sends this gate away" + answer;
    case Outcome::other_speech: return "it answers in another protocol" + answer;
    case Outcome::wants_tls: return "it wants TLS" + answer;
    case Outcome::tls_failed: return "no TLS handshake comes about";
    case Outcome::certificate: return "it shows a certificate that is refused here";
    case Outcome::no_starttls: return "it offers no STARTTLS" + answer;
    case Outcome::closed: return "it closes the connection";
    case Outcome::silent: return "it says nothing";
    case Outcome::unreachable: return "it cannot be reached";
    case Outcome::given_up: return "was not waited for";
  }
  return {};
}

std::string way_text(const Way& way) {
  const std::string_view header = way.header == ProxyVersion::off  ? "no header"
                                  : way.header == ProxyVersion::v1 ? "v1"
                                                                   : "v2";
  const std::string_view tls = way.tls == Tls::at_once ? "TLS" : way.tls == Tls::starttls ? "STARTTLS" : "clear";
  return fmt::format("{}, {}", header, tls);
}

}  // namespace sp::doctor
