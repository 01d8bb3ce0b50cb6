#include "import/nginx/listen.h"

#include <algorithm>

#include "config/grammar.h"
#include "import/apache/values.h"
#include "import/nginx/values.h"

namespace sp::import::nginx {
namespace {

constexpr std::string_view words_of_sockets[] = {"bind", "deferred", "reuseport", "multipath", "http2", "spdy"};
constexpr std::string_view settings_of_sockets[] = {"setfib",        "fastopen", "backlog",      "rcvbuf",  "sndbuf",
                                                    "accept_filter", "ipv6only", "so_keepalive", "protocol"};

bool is_port(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return (c >= '0' && c <= '9') || c == '-'; });
}

// What the words behind the address say. False: the socket is of a kind that there is not.
bool read_words(Listen& listen, Report& report) {
  std::string ignored;
  for (size_t i = 1; i < listen.at->args.size(); ++i) {
    const std::string& word = listen.at->args[i];
    const std::string_view name = std::string_view(word).substr(0, word.find('='));
    if (word == "ssl") {
      listen.ssl = true;
    } else if (word == "default_server" || word == "default") {
      listen.default_server = true;
    } else if (word == "proxy_protocol") {
      listen.proxy_protocol = true;
    } else if (word == "udp") {
      report.lost(*listen.at, "UDP is not passed on: this listener is left out");
      return false;
    } else if (word == "quic" || word == "http3") {
      report.lost(*listen.at, "HTTP/3 is not available in this version: this listener is left out");
      return false;
    } else if (std::ranges::find(words_of_sockets, word) != std::end(words_of_sockets) ||
               std::ranges::find(settings_of_sockets, name) != std::end(settings_of_sockets)) {
      ignored += (ignored.empty() ? "" : ", ") + word;
    } else {
      report.lost(*listen.at, "`" + word + "` is not known");
    }
  }
  if (!ignored.empty()) report.not_needed(*listen.at, "these words are not needed: " + ignored);
  return true;
}

// The ports of "8000-8010".
std::vector<std::string> ports_of(const Directive& at, const std::string& text, Report& report) {
  const size_t dash = text.find('-');
  if (dash == std::string::npos) return {text};
  const auto first = apache::parse_number(text.substr(0, dash));
  const auto last = apache::parse_number(text.substr(dash + 1));
  constexpr std::uint64_t most = 256;
  if (!first || !last || *last < *first || *last - *first >= most) {
    report.lost(at, "the range of ports is not understood, or larger than 256 ports: list them in `listen`");
    return {};
  }
  std::vector<std::string> ports;
  for (std::uint64_t port = *first; port <= *last; ++port) ports.push_back(std::to_string(port));
  return ports;
}

void split_address(const std::string& text, std::string_view default_port, Listen& listen) {
  const size_t bracket = text.rfind(']');
  const size_t colon = text.rfind(':');
  const bool has_port = colon != std::string::npos && (bracket == std::string::npos || colon > bracket);
  if (is_port(text)) {
    listen.port = text;
  } else {
    listen.address = text.substr(0, has_port ? colon : std::string::npos);
    listen.port = has_port ? text.substr(colon + 1) : std::string(default_port);
  }
  if (listen.address == "*" || listen.address == "[::]" || listen.address == "0.0.0.0") listen.address.clear();
  if (listen.address == "localhost") listen.address = "127.0.0.1";
}

}  // namespace

std::string Listen::socket() const { return unix_path.empty() ? address + ":" + port : unix_path; }

std::string Listen::url(std::string_view scheme) const {
  if (!unix_path.empty()) return std::string(scheme) + "+unix://" + unix_path;
  return std::string(scheme) + "://" + address + ":" + port;
}

std::vector<Listen> parse_listen(const Directive& directive, std::string_view default_port, Report& report) {
  Listen listen{.at = &directive};
  const std::string& text = directive.arg(0);
  if (!read_words(listen, report)) return {};
  if (text.starts_with("unix:")) {
    listen.unix_path = text.substr(5);
    if (!config::listen_url(listen.url("http"))) return {listen};
    report.lost(directive, "the path of the Unix socket is not one that can be listened on");
    return {};
  }
  split_address(text, default_port, listen);
  std::vector<Listen> result;
  for (const std::string& port : ports_of(directive, listen.port, report)) {
    listen.port = port;
    const auto problem = config::listen_url(listen.url("http"));
    if (!problem) {
      result.push_back(listen);
    } else {
      report.lost(directive, "this is not an address to listen on: " + problem->message);
      break;
    }
  }
  return result;
}

std::vector<Listen> listens_of(const Scope& scope, std::string_view default_port, Report& report) {
  std::vector<Listen> all;
  for (const Directive* each : all_own(scope, "listen", report)) {
    for (Listen& listen : parse_listen(*each, default_port, report)) {
      const auto same = std::ranges::find(all, listen.socket(), &Listen::socket);
      if (same == all.end()) {
        all.push_back(std::move(listen));
        continue;
      }
      same->ssl = same->ssl || listen.ssl;
      same->default_server = same->default_server || listen.default_server;
      same->proxy_protocol = same->proxy_protocol || listen.proxy_protocol;
      report.not_needed(*each, "`:" + listen.port + "` is every address of the machine, of IPv4 and IPv6");
    }
  }
  return all;
}

std::vector<std::string> accept_proxy_from(const Scope& scope, const std::vector<Listen>& listens, Report& report) {
  const auto listen = std::ranges::find_if(listens, &Listen::proxy_protocol);
  if (listen == listens.end()) return {};
  std::vector<std::string> from;
  for (const Directive* each : all_in_force(scope, "set_real_ip_from", report)) {
    const auto pattern = apache::address_pattern(each->arg(0));
    if (pattern && !config::network(*pattern)) {
      from.push_back(*pattern);
    } else {
      report.lost(*each, "not an address or network: name the proxy's addresses in `accept_proxy`");
    }
  }
  if (!from.empty()) return from;
  report.lost(
      *listen->at,
      "no set_real_ip_from says which proxies may tell who connects: anybody may, as in NGINX, and can claim any "
      "address. Name your proxies in `accept_proxy: { from: [...] }`");
  return {"*"};
}

}  // namespace sp::import::nginx
