// `server` and `default-server`.
#include <fmt/format.h>

#include <algorithm>

#include "base/ip.h"
#include "config/grammar.h"
#include "import/haproxy/collect.h"

namespace sp::import::haproxy {
namespace {

constexpr const char* checks =
    "checks of servers are not taken over: write `health` into the upstream (`health: { every: 5s }`); without it a "
    "server that fails is passed over for a while (`fail_after`, `fail_for`)";

std::string in_folder(const std::string& folder, const std::string& path) {
  if (folder.empty() || path.starts_with('/')) return path;
  return folder + (folder.ends_with('/') ? "" : "/") + path;
}

bool is_host(std::string_view text) { return !config::host_name(text); }

class ServerReader {
 public:
  ServerReader(const Directive& directive, const Proxy& proxy, Collecting& state)
      : directive_(directive), proxy_(proxy), state_(state), report_(state.report) {}

  std::optional<Server> read() {
    server_.at = directive_.at;
    server_.name = directive_.word(1);
    if (!address(directive_.word(2))) return std::nullopt;
    std::vector<std::string> words = state_.default_server;
    const auto own = directive_.from(3);
    words.insert(words.end(), own.begin(), own.end());
    for (size_t at = 0; at < words.size(); ++at) at += parameter(words[at], at + 1 < words.size() ? words[at + 1] : "");
    if (off_) {
      report_.changed(directive_.at, "left out: it gets no connections in HAProxy either");
      return std::nullopt;
    }
    finish_tls();
    return server_;
  }

 private:
  bool refused(std::string why) {
    report_.lost(directive_.at, std::move(why));
    return false;
  }

  bool address(std::string_view text) {
    if (text.starts_with("unix@")) text.remove_prefix(5);
    if (text.starts_with('/')) {
      server_.unix_path = text;
      if (proxy_.mode == Mode::http) return true;
      return refused("a Unix socket as the server is for HTTP only: let it listen on 127.0.0.1");
    }
    for (const std::string_view family : {"ipv4@", "ipv6@", "tcp@", "tcp4@", "tcp6@"}) {
      if (text.starts_with(family)) text.remove_prefix(family.size());
    }
    if (text.find('@') != std::string_view::npos) return refused("only servers at addresses of TCP can be reached");
    return internet(text);
  }

  bool internet(std::string_view text) {
    auto [host, port] = split_port(text);
    // An IPv6 address without brackets: its last group would be the port.
    if (IpAddress::parse(text) && !port.empty()) std::tie(host, port) = std::pair{std::string(text), std::string()};
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
    if (port.starts_with('+') || port.starts_with('-'))
      return refused("a port that is counted from the client's: write one entry for each port");
    const auto numeric = number(port);
    if (!port.empty() && (!numeric || *numeric > 65535)) return refused(fmt::format("`{}` is not a port", port));
    server_.port = numeric.value_or(0);
    const auto ip = IpAddress::parse(host);
    if (!ip && !is_host(host)) return refused(fmt::format("`{}` is not the address of a server", text));
    server_.host = ip && !ip->v4 ? "[" + ip->text() + "]" : host;
    return true;
  }

  // How many of the words behind it belong to it: 0 or 1, or more for what is not translated.
  size_t parameter(const std::string& word, const std::string& value) {
    if (const size_t taken = alone(word)) return taken - 1;
    if (word == "weight")
      weight(value);
    else if (word == "verify")
      verify_ = value;
    else if (word == "ca-file")
      ca_file(value);
    else if (word == "crt")
      server_.tls.cert = server_.tls.key = in_folder(state_.globals.crt_base, value);
    else if (word == "sni")
      sni(value);
    else if (word == "verifyhost")
      verify_host_ = value;
    else if (word == "proto")
      protocol(value);
    else if (word == "alpn" || word == "check-alpn")
      alpn(word, value);
    else if (word == "proxy-v2-options")
      header_options(value);
    else
      return unknown(word);
    return 1;
  }

  // 1 where it is a word that stands alone.
  size_t alone(const std::string& word) {
    if (word == "check")
      report_.changed(directive_.at, checks);
    else if (word == "backup")
      server_.backup = true;
    else if (word == "no-backup")
      server_.backup = false;
    else if (word == "disabled")
      off_ = true;
    else if (word == "enabled")
      off_ = false;
    else if (word == "ssl")
      server_.ssl = true;
    else if (word == "no-ssl")
      server_.ssl = false;
    else if (word == "send-proxy")
      server_.send_proxy = "v1";
    else if (word.starts_with("send-proxy-v2"))
      server_.send_proxy = "v2";
    else if (word.starts_with("no-send-proxy"))
      server_.send_proxy.clear();
    else
      return 0;
    return 1;
  }

  void weight(const std::string& value) {
    const auto weight = number(value);
    if (!weight || *weight > 1000)
      refused(fmt::format("`{}` is not a weight", value));
    else if (*weight == 0)
      off_ = true;
    else
      server_.weight = *weight;
  }

  void ca_file(const std::string& value) {
    if (value == "@system-ca") return report_.not_needed(directive_.at, "server ca-file @system-ca (as by itself)");
    server_.tls.ca = in_folder(state_.globals.ca_base, value);
  }

  void sni(const std::string& expression) {
    const auto value = our_value("%[" + expression + "]");
    const bool literal = value && value->find("${") == std::string::npos && is_host(*value);
    if (literal)
      server_.tls.sni = *value;
    else if (value && (*value == "${request.host}" || *value == "${tls.sni}"))
      report_.not_needed(directive_.at, "server sni (the client's name is asked for by itself)");
    else if (expression == "req.ssl_sni")
      report_.not_needed(directive_.at, "server sni (the client's name is asked for by itself)");
    else
      refused(fmt::format("the name `{}` for the server: write it into upstream_tls.sni", expression));
  }

  void protocol(const std::string& value) {
    if (value == "h2" && proxy_.mode == Mode::http)
      server_.http2 = true;
    else if (value == "h1")
      report_.not_needed(directive_.at, "server proto h1 (as by itself)");
    else
      refused(fmt::format("the protocol `{}` of a server", value));
  }

  void alpn(const std::string& word, const std::string& value) {
    if (proxy_.mode == Mode::http)
      return report_.not_needed(directive_.at, "server " + word + " (HTTP/2 and HTTP/1.1 are offered by themselves)");
    refused(fmt::format("`{} {}`: tls:// offers no protocol to servers", word, value));
  }

  void header_options(const std::string& list) {
    for (size_t at = 0; at < list.size();) {
      const size_t end = std::min(list.find(',', at), list.size());
      const std::string option = list.substr(at, end - at);
      at = end + 1;
      if (option == "crc32c" || option == "unique-id") {
        const std::string ours = option == "crc32c" ? "crc32c" : "unique_id";
        refused(fmt::format("the option {}: write `send_proxy: {{ version: v2, {}: on }}`", option, ours));
      } else {
        report_.not_needed(directive_.at, "server proxy-v2-options (what is known of TLS is in the header by itself)");
      }
    }
  }

  size_t unknown(const std::string& word) {
    const auto known = known_server_parameter(word);
    if (known && known->fate == Fate::not_needed)
      report_.not_needed(directive_.at, fmt::format("server {} ({})", word, known->why));
    else if (known)
      report_.add(directive_.at, std::string(known->why), known->fate);
    else
      refused(fmt::format("the parameter {} of `server` is not known", word));
    return values_of_server_parameter(word);
  }

  void finish_tls() {
    if (!server_.ssl) {
      const bool given = !server_.tls.empty() || !verify_.empty() || !verify_host_.empty();
      if (given) report_.not_needed(directive_.at, "server TLS parameters without `ssl`");
      server_.tls = {};
      return;
    }
    const bool none = verify_ == "none" || (verify_.empty() && state_.globals.servers_unverified);
    if (none) {
      server_.tls.verify = "none";
      if (!server_.tls.ca.empty()) report_.not_needed(directive_.at, "server ca-file (nothing is verified)");
      server_.tls.ca.clear();
      return;
    }
    if (!verify_.empty() && verify_ != "required") refused(fmt::format("`verify {}` is not known", verify_));
    if (!verify_host_.empty()) name_to_verify();
    // HAProxy looks at the name only where one is asked for.
    else if (server_.tls.sni.empty() && !report_knows_sni())
      server_.tls.verify = "chain";
  }

  bool report_knows_sni() const {
    return std::ranges::find(directive_.words, "sni") != directive_.words.end() ||
           std::ranges::find(state_.default_server, "sni") != state_.default_server.end();
  }

  void name_to_verify() {
    if (server_.tls.sni.empty() && !report_knows_sni()) {
      server_.tls.sni = verify_host_;
      report_.changed(directive_.at, "the name that is verified is asked for by SNI too");
    } else if (server_.tls.sni != verify_host_) {
      refused("`verifyhost` is another name than the one that is asked for: the latter is verified");
    }
  }

  const Directive& directive_;
  const Proxy& proxy_;
  Collecting& state_;
  Report& report_;
  Server server_;
  std::string verify_, verify_host_;
  bool off_ = false;
};

}  // namespace

void collect_server(const Directive& directive, Proxy& proxy, Collecting& state) {
  if (directive.words.size() < 3) return state.report.lost(directive.at, "the name or the address is missing");
  if (auto server = ServerReader(directive, proxy, state).read()) proxy.servers.push_back(*std::move(server));
}

}  // namespace sp::import::haproxy
