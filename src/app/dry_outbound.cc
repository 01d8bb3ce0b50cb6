#include "app/dry_outbound.h"

#include <fmt/format.h>

#include <algorithm>

#include "codec/h1/request_reader.h"
#include "config/image_proxy.h"
#include "config/network.h"
#include "policy/path.h"
#include "policy/signed_url.h"
#include "proxy/outbound/inspection.h"
#include "proxy/outbound/remedy.h"
#include "proxy/outbound/wanted_destination.h"

namespace sp::app {
namespace {

using Kind = policy::OutboundRequest::Kind;
using Verdict = policy::OutboundDecision::Verdict;

bool is_url(std::string_view target) { return target.starts_with("http://") || target.starts_with("https://"); }

// Of a URL: what stands between the scheme and the path.
std::string_view authority_of(std::string_view url) {
  std::string_view rest = url.substr(url.find("//") + 2);
  return rest.substr(0, rest.find_first_of("/?#"));
}

// Of a URL, without its query.
std::string_view path_of(std::string_view url) {
  const std::string_view rest = url.substr(url.find("//") + 2);
  const auto slash = rest.find_first_of("/?#");
  if (slash == std::string_view::npos || rest[slash] != '/') return "/";
  return rest.substr(slash, rest.find_first_of("?#", slash) - slash);
}

bool has_port(std::string_view authority) {
  return authority.substr(authority.rfind(']') == std::string_view::npos ? 0 : authority.rfind(']')).contains(':');
}

// As an application sends it to its proxy: a tunnel for https and for a host with a port, else the URL itself.
std::string request_text(const OutboundQuestion& question) {
  const std::string_view target = question.target;
  if (target.starts_with("http://")) {
    const std::string_view method = question.method.empty() ? "GET" : std::string_view(question.method);
    return fmt::format("{} {} HTTP/1.1\r\nHost: {}\r\n\r\n", method, target.substr(0, target.find('#')),
                       authority_of(target));
  }
  std::string authority(is_url(target) ? authority_of(target) : target);
  if (is_url(target) && !has_port(authority)) authority += ":443";
  return fmt::format("CONNECT {0} HTTP/1.1\r\nHost: {0}\r\n\r\n", authority);
}

// What makes no request at all.
std::string fault_of(const OutboundQuestion& question) {
  const auto is_plain = [](char c) { return c > ' ' && c != '\x7f'; };
  if (!std::ranges::all_of(question.target, is_plain) || !std::ranges::all_of(question.method, is_plain))
    return "a method and a target have no spaces and no control characters in them";
  if (is_url(question.target)) {
    if (question.method == "CONNECT") return "CONNECT is for HOST:PORT, not for a URL";
    return {};
  }
  if (question.target.contains("/") || !has_port(question.target)) {
    return fmt::format("'{}' is neither HOST:PORT nor a URL that begins with http:// or https://", question.target);
  }
  if (!question.method.empty() && question.method != "CONNECT")
    return fmt::format("HOST:PORT is asked for by CONNECT, not by {}", question.method);
  return {};
}

// What the gate does not ask for when it fetches images.
std::string fault_of_image(const OutboundQuestion& question) {
  if (question.from && IpAddress::parse(*question.from) != IpAddress::loopback4())
    return "image-proxy is the gate itself, at 127.0.0.1, whoever asks for the image";
  if (!is_url(question.target) || (!question.method.empty() && question.method != "GET"))
    return "image-proxy is the gate itself, which fetches images by GET of http:// and https:// URLs, and nothing else";
  return {};
}

// Somebody who may use the entry: this machine, or the first of those who may.
IpAddress usual_client(const config::OutboundConfig& settings) {
  std::optional<IpAddress> first;
  for (const config::Text& text : settings.clients) {
    const auto network = config::parse_network(text.value);
    if (!network) continue;
    if (network->contains(IpAddress::loopback4())) return IpAddress::loopback4();
    if (!first) first = network->address;
  }
  return first.value_or(IpAddress::loopback4());
}

}  // namespace

void set_wish(std::string_view text, OutboundQuestion& question) {
  const auto space = text.find(' ');
  if (space != std::string_view::npos) question.method = text.substr(0, space);
  question.target = space == std::string_view::npos ? text : text.substr(space + 1);
}

std::expected<const proxy::Entry*, std::string> way_out_named(const proxy::Snapshot& snapshot, std::string_view name) {
  std::string names;
  for (const proxy::Entry& entry : snapshot.entries) {
    if (entry.outbound == nullptr) continue;
    if (name.empty() || entry.name == name) return &entry;
    names += (names.empty() ? "" : ", ") + entry.name;
  }
  if (names.empty()) return std::unexpected("the configuration has no way out: `outbound` has no entry");
  return std::unexpected(fmt::format("no entry of `outbound` is named '{}'; there are: {}", name, names));
}

const config::OutboundConfig& settings_of(const proxy::Snapshot& snapshot, const proxy::Entry& entry) {
  return snapshot.config.outbound[static_cast<std::size_t>(entry.config - snapshot.ways_out.data())];
}

std::expected<std::unique_ptr<DryOutbound>, std::string> DryOutbound::decide(const proxy::Snapshot& snapshot,
                                                                             const OutboundQuestion& question) {
  if (std::string fault = fault_of(question); !fault.empty()) return std::unexpected(std::move(fault));
  const auto entry = way_out_named(snapshot, question.entry);
  if (!entry) return std::unexpected(entry.error());
  std::unique_ptr<DryOutbound> run(new DryOutbound);
  run->entry_ = *entry;
  run->settings_ = &settings_of(snapshot, **entry);
  run->by_gate_ = question.user == config::image_proxy_user;
  if (run->by_gate_) {
    if (std::string fault = fault_of_image(question); !fault.empty()) return std::unexpected(std::move(fault));
  }
  const auto from = run->by_gate_   ? IpAddress::loopback4()
                    : question.from ? IpAddress::parse(*question.from)
                                    : usual_client(*run->settings_);
  if (!from) return std::unexpected(fmt::format("'{}' is not an IP address", *question.from));
  run->from_ = *from;
  run->user_ = question.user;
  run->standing_ = question.standing;
  run->use_ = std::make_unique<proxy::OutboundUse>(*(*entry)->outbound);
  run->use_->now = question.now;
  run->octets_ = request_text(question);
  run->go(question);
  return run;
}

// The order is that of proxy/outbound/outbound.cc, and of proxy/image/fetch.cc.
void DryOutbound::go(const OutboundQuestion& question) {
  if (!enter() || !identify(question) || !(by_gate_ ? read_image_url(question) : read_request())) return;
  has_destination_ = true;
  plan_inspection();
  const bool permitted = use_->permits_name();
  by_name_ = rules().decide(use_->request, use_->now);
  if (!permitted || !judge(question))
    return refuse(use_->refusal(), rules().reason(use_->decision, use_->request, use_->now));
  if (!refused()) judge_inside(question);
}

void DryOutbound::plan_inspection() {
  const proxy::Inspection* inspection = entry_->inspection.get();
  policy::OutboundRequest& request = use_->request;
  if (inspection == nullptr || request.kind != Kind::tunnel) return;
  opening_ = Opening::closed;
  if (!inspection->may_open(request.host, request.port)) return;
  request.kind = Kind::tunnel_to_inspect;
  opening_ = inspection->opens(request.host, request.port) ? Opening::opened : Opening::by_name;
}

// Of a name that is let through, its addresses; false where they are refused.
bool DryOutbound::judge(const OutboundQuestion& question) {
  if (use_->request.host.address) return true;
  if (use_->way.proxy != nullptr) return judge_for_parent(question);
  return !question.resolve || judge_addresses(question);
}

// Where the parent looks names up, none of their addresses may be one that is refused; of names that lead nowhere here
// the name alone is judged. As proxy/outbound/reach.cc does.
bool DryOutbound::judge_for_parent(const OutboundQuestion& question) {
  const bool looks_up = entry_->outbound->parent->looks_names_up();
  if (looks_up && !question.resolve) return true;
  const auto found =
      looks_up ? question.resolve(use_->host, proxy::OutboundUse::lookup_time) : fail(Code::dns_no_address);
  looked_up_ = looks_up;
  if (found) {
    const bool permitted = use_->permits_all(*found);
    for (const IpAddress& address : *found) {
      judged_.push_back({address, rules().judge_address(use_->request, address, use_->now)});
      if (!judged_.back().decision.allowed()) break;  // the others were not asked about
    }
    return permitted;
  }
  if (!use_->permits_name_alone())
    refuse(Code::destination_refused, std::string(proxy::OutboundUse::addresses_unknown));
  return true;
}

// The request in a tunnel that is opened: by its name, and by the address that is connected to.
void DryOutbound::judge_inside(const OutboundQuestion& question) {
  if (opening_ != Opening::opened || !question.target.starts_with("https://")) return;
  inside_ = std::make_unique<proxy::OutboundUse>(use_->entry);
  inside_->now = use_->now;
  inside_->request = use_->request;
  inside_->request.kind = Kind::inspected;
  inside_->request.method = arena_.copy(question.method.empty() ? "GET" : question.method);
  const auto path = policy::normalize_path(path_of(question.target), arena_);
  if (!path) return refuse(path.error().code, path.error().where);
  inside_->request.path = path->text;
  // Which one a parent has connected to is not known: then the name alone is judged again.
  const auto connected = std::ranges::find_if(
      judged_, [&](const Judged& each) { return each.decision.allowed() && use_->way.proxy == nullptr; });
  const bool permitted =
      inside_->permits_name() && (connected == judged_.end() || inside_->permits(connected->address));
  if (!permitted) return refuse(inside_->refusal(), rules().reason(inside_->decision, inside_->request, inside_->now));
  use_->would_refuse = use_->would_refuse || inside_->would_refuse;
}

void DryOutbound::refuse(Code code, std::string detail) {
  if (code_ != Code::ok) return;
  code_ = code;
  detail_ = std::move(detail);
  remedy_ = proxy::remedy_on_way_out(code, inside_ == nullptr ? *use_ : *inside_);
  if (remedy_.empty()) remedy_ = info(code).remedy;
}

bool DryOutbound::enter() {
  if (by_gate_) return true;
  access_ = policy::decide(entry_->outbound->clients, from_);
  if (!access_.allowed) refuse(Code::denied, access_.reason(from_));
  return access_.allowed;
}

bool DryOutbound::identify(const OutboundQuestion& question) {
  const bool by_certificate = entry_->outbound->by_certificate;
  if (settings_->users.empty() && !by_certificate && !by_gate_) user_.clear();  // nobody is asked who he is
  use_->user = user_;
  if (settings_->users.empty() || by_gate_) return true;
  if (!user_.empty() && (question.standing != UserStanding::unknown || by_certificate)) return true;
  refuse(Code::proxy_authentication_required, user_.empty() ? "nobody says who he is" : "there is no such user");
  return false;
}

bool DryOutbound::read_request() {
  codec::h1::RequestReader reader(entry_->limits);
  codec::h1::Persistence persistence;
  const auto octets = reader.read(octets_, request_, persistence);
  if (!octets) {
    refuse(octets.error().code, octets.error().where);
    return false;
  }
  const auto wanted = proxy::wanted_destination(request_, arena_);
  if (!wanted) {
    refuse(wanted.error().code, std::string(wanted.error().detail));
    return false;
  }
  const auto host = policy::read_host(wanted->host);
  if (!host) {
    refuse(Code::destination_malformed, std::string(policy::text(host.error())));
    return false;
  }
  use_->host = wanted->host;
  use_->request = {.kind = wanted->kind,
                   .host = *host,
                   .port = wanted->port,
                   .user = use_->user,
                   .client = from_,
                   .method = wanted->method,
                   .path = wanted->path};
  return true;
}

// The gate sees what it asks for itself, by https too.
bool DryOutbound::read_image_url(const OutboundQuestion& question) {
  const auto url = policy::fetchable_url(question.target);
  if (!url) {
    refuse(Code::image_url_malformed, "it leads nowhere");
    return false;
  }
  use_->host = arena_.copy(url->host);
  const auto host = policy::read_host(use_->host);
  if (!host) {
    refuse(Code::destination_malformed, std::string(policy::text(host.error())));
    return false;
  }
  const auto path = policy::normalize_path(arena_.copy(url->path), arena_);
  if (!path) {
    refuse(Code::image_url_malformed, path.error().where);
    return false;
  }
  use_->request = {.kind = url->scheme == "https" ? Kind::inspected : Kind::plain,
                   .host = *host,
                   .port = url->effective_port(),
                   .user = use_->user,
                   .client = from_,
                   .method = "GET",
                   .path = path->text};
  return true;
}

// False where none of them may be connected to.
bool DryOutbound::judge_addresses(const OutboundQuestion& question) {
  const auto found = question.resolve(use_->host, entry_->policy->timeouts.connect);
  looked_up_ = true;
  if (!found) {
    refuse(found.error().code, found.error().where);
    return true;
  }
  bool any = false;
  for (const IpAddress& address : *found) {
    judged_.push_back({address, rules().judge_address(use_->request, address, use_->now)});
    any = use_->permits(address) || any;
  }
  return any;
}

std::string DryOutbound::destination() const {
  const bool v6 = use_->host.contains(':');
  return fmt::format("{}{}{}:{}", v6 ? "[" : "", use_->host, v6 ? "]" : "", use_->request.port);
}

bool DryOutbound::undecided() const {
  return !refused() && !looked_up_ && by_name_.verdict == Verdict::needs_addresses;
}

const std::string& DryOutbound::pattern() const {
  static const std::string none;
  const policy::OutboundRule* decides = has_destination_ ? rule() : nullptr;
  return decides == nullptr || !use_->decision.pattern ? none : decides->destinations[*use_->decision.pattern];
}

}  // namespace sp::app
