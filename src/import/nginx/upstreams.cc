#include "import/nginx/upstreams.h"

#include <algorithm>

#include "config/address.h"
#include "config/grammar.h"
#include "import/apache/values.h"
#include "import/nginx/values.h"

namespace sp::import::nginx {
namespace {

constexpr std::string_view no_stickiness =
    "which server a client gets depends on its address in NGINX: that is not available yet, and servers are chosen by "
    "load. Let them share their sessions";

// One `server` within an upstream.
class ServerReader {
 public:
  ServerReader(const Directive& at, DraftUpstream& upstream, Report& report)
      : at_(at), upstream_(upstream), report_(report) {}

  void read(const std::string& scheme) {
    report_.used(at_);
    const auto address = parse_server(at_.arg(0));
    for (size_t i = 1; i < at_.args.size(); ++i) word(at_.args[i]);
    if (down_) return;
    if (!address) return report_.lost(at_, "the address of the server is not understood");
    const bool relayed = config::is_relayed(scheme);
    if (relayed && !address->unix_path.empty())
      return report_.lost(at_, "a Unix socket is for HTTP alone: let the server listen on 127.0.0.1");
    // NGINX takes port 80 here, whatever is spoken.
    server_.url = server_url(*address, scheme, relayed ? 0 : 80);
    if (const auto problem = config::server_url(server_.url)) return report_.lost(at_, problem->message);
    upstream_.servers.push_back(std::move(server_));
  }

 private:
  void word(const std::string& word);
  void number(const std::string& word, const std::string& value);

  const Directive& at_;
  DraftUpstream& upstream_;
  Report& report_;
  DraftServer server_;
  bool down_ = false;
};

void ServerReader::word(const std::string& word) {
  if (word == "backup") {
    server_.backup = true;
  } else if (word == "down") {
    down_ = true;
    report_.changed(at_, "a server that is `down` is left out");
  } else if (word == "resolve") {
    report_.not_needed(at_, "names are looked up again by themselves, with their time to live");
  } else if (const auto value = parameter(word, word.substr(0, word.find('=')))) {
    number(word.substr(0, word.find('=')), *value);
  } else {
    report_.lost(at_, "`" + word + "` is not available");
  }
}

void ServerReader::number(const std::string& name, const std::string& value) {
  const auto count = apache::parse_number(value);
  if (name == "weight" && count && *count > 0) {
    server_.weight = static_cast<int>(std::min<std::uint64_t>(*count, 1000));
    if (*count > 1000) report_.changed(at_, "the largest weight is 1000");
  } else if (name == "max_fails" && count) {
    const auto fails = static_cast<int>(std::min<std::uint64_t>(*count, 1000));
    if (fails == 0) upstream_.fail_for = "0s";
    if (fails == 0) return report_.changed(at_, "no server of this upstream is passed over because it failed");
    if (upstream_.fail_after && *upstream_.fail_after != fails)
      report_.changed(at_, "`fail_after` is for all servers of an upstream: that of the last one is taken");
    upstream_.fail_after = fails;
  } else if (name == "fail_timeout" && parse_time(value)) {
    const std::string time = time_text(std::min(*parse_time(value), std::chrono::milliseconds(std::chrono::hours(24))));
    if (upstream_.fail_for == "0s") return;
    if (!upstream_.fail_for.empty() && upstream_.fail_for != time)
      report_.changed(at_, "`fail_for` is for all servers of an upstream: that of the last one is taken");
    upstream_.fail_for = time;
  } else if (name == "max_conns") {
    report_.lost(at_, "max_conns is not available: a server says itself what is too much for it");
  } else if (name == "slow_start" || name == "route" || name == "service") {
    report_.lost(at_, name + " is not available");
  } else {
    report_.lost(at_, name + "=" + value + " is not understood");
  }
}

void read_balance(const Scope& scope, DraftUpstream& upstream, Report& report) {
  const bool several = upstream.servers.size() > 1;
  if (several) upstream.balance = "round_robin";
  const Directive* least = own(scope, "least_conn", report);
  if (least != nullptr) upstream.balance.clear();
  if (least != nullptr && !several) report.not_needed(*least, "there is one server");
  if (const Directive* random = own(scope, "random", report)) {
    upstream.balance = "random";
    if (!random->args.empty())
      report.changed(*random, "a server is drawn by weight; that of two the better one is taken is not available");
  }
  for (const std::string_view name : {"ip_hash", "hash", "sticky", "sticky_cookie_insert"}) {
    const Directive* found = own(scope, name, report);
    if (found == nullptr) continue;
    report.lost(*found, std::string(no_stickiness));
    upstream.balance.clear();
    upstream.comments.push_back(brief(*found) + ": NGINX sent a client to the same server each time (" + found->text() +
                                ")");
  }
}

}  // namespace

const Directive* Upstreams::find(const Directive& context, std::string_view name) {
  const auto found = std::ranges::find_if(context.children, [&](const Directive& each) {
    return each.block && each.is("upstream") && each.arg(0) == name;
  });
  return found == context.children.end() ? nullptr : &*found;
}

std::string Upstreams::name_for(std::string_view wanted) {
  const std::string base = simple_name(wanted);
  std::string name = base;
  for (int i = 2; !names_.insert(name).second; ++i) name = base + "-" + std::to_string(i);
  return name;
}

DraftUpstream* Upstreams::use(const Directive& block, const std::string& scheme) {
  auto [place, is_new] = known_.emplace(std::pair(&block, scheme), std::nullopt);
  std::optional<DraftUpstream>& known = place->second;
  if (!is_new) return known ? &*known : nullptr;
  report_.used(block);
  DraftUpstream upstream;
  const Scope scope{.block = &block};
  for (const Directive* each : all_own(scope, "server", report_)) ServerReader(*each, upstream, report_).read(scheme);
  read_balance(scope, upstream, report_);
  if (upstream.servers.empty()) {
    report_.lost(block, "no server in it could be translated");
    return nullptr;
  }
  if (std::ranges::all_of(upstream.servers, &DraftServer::backup)) {
    for (DraftServer& server : upstream.servers) server.backup = false;
  }
  upstream.name = name_for(block.arg(0));
  known = std::move(upstream);
  return &*known;
}

std::vector<DraftUpstream> Upstreams::all() const {
  std::vector<DraftUpstream> result;
  for (const auto& [key, upstream] : known_) {
    if (upstream) result.push_back(*upstream);
  }
  std::ranges::sort(result, {}, &DraftUpstream::name);
  return result;
}

}  // namespace sp::import::nginx
