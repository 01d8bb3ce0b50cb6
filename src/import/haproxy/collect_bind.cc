// `bind`: addresses, and how TLS is spoken there.
#include <fmt/format.h>

#include <algorithm>

#include "base/ip.h"
#include "import/haproxy/collect.h"

namespace sp::import::haproxy {
namespace {

constexpr int most_ports = 256;  // of one range

std::string in_folder(const std::string& folder, const std::string& path) {
  if (folder.empty() || path.starts_with('/')) return path;
  return folder + (folder.ends_with('/') ? "" : "/") + path;
}

// The key is in the same file, or beside it.
DraftCertificate certificate_of(const std::string& path, const config::FileSystem& disk) {
  constexpr size_t most = 1 << 20;
  const auto content = disk.read(path, most);
  const bool alone = content && content->find("PRIVATE KEY") == std::string::npos;
  const bool beside = alone && disk.read(path + ".key", most).has_value();
  return {path, beside ? path + ".key" : path};
}

void add_certificate(const std::string& path, Collecting& state) {
  auto& all = state.result.certificates;
  const DraftCertificate certificate = certificate_of(path, state.disk);
  if (std::ranges::find(all, certificate) == all.end()) all.push_back(certificate);
}

bool is_certificate_file(std::string_view path) {
  static constexpr std::string_view others[] = {".key", ".ocsp", ".sctl", ".issuer", ".dh"};
  return std::ranges::none_of(others, [&](std::string_view end) { return path.ends_with(end); });
}

void add_certificates(const Origin& at, const std::string& name, Collecting& state) {
  const std::string path = in_folder(state.globals.crt_base, name);
  if (!state.disk.has_folder(path)) return add_certificate(path, state);
  const auto inside = state.disk.glob(path + (path.ends_with('/') ? "*" : "/*"));
  size_t found = 0;
  for (const std::string& each : inside) {
    if (!is_certificate_file(each) || state.disk.has_folder(each)) continue;
    add_certificate(each, state);
    ++found;
  }
  if (found == 0) return state.report.lost(at, fmt::format("no certificate is in {}", path));
  state.report.changed(at, "a folder of certificates: those that are in it now are named one by one");
}

// Lines of "file [options] names".
void add_certificate_list(const Origin& at, const std::string& name, Collecting& state) {
  constexpr size_t most = 1 << 20;
  const std::string path = in_folder(state.globals.crt_base, name);
  const auto content = state.disk.read(path, most);
  if (!content) return state.report.lost(at, fmt::format("{} cannot be read: name its certificates yourself", path));
  std::string_view rest = *content;
  while (!rest.empty()) {
    const size_t end = std::min(rest.find('\n'), rest.size());
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(std::min(rest.size(), end + 1));
    const std::string_view file = line.substr(0, line.find_first_of(" \t\r["));
    if (!file.empty() && file.front() != '#')
      add_certificate(in_folder(state.globals.crt_base, std::string(file)), state);
  }
  state.report.changed(at, "the certificates of the list are named one by one; their names are read from themselves");
}

struct Ports {
  int first = 0, last = 0;
};
std::optional<Ports> ports_of(std::string_view text) {
  const auto dash = text.find('-');
  const auto first = number(text.substr(0, dash));
  const auto last = dash == std::string_view::npos ? first : number(text.substr(dash + 1));
  if (!first || !last || *first < 1 || *last > 65535 || *last < *first || *last - *first >= most_ports)
    return std::nullopt;
  return Ports{*first, *last};
}

// One address of the list, without its options.
class AddressReader {
 public:
  AddressReader(const Directive& directive, const Proxy& proxy, Collecting& state)
      : at_(directive.at), proxy_(proxy), report_(state.report) {
    const auto words = directive.from(2);
    v4v6_ = std::ranges::find(words, "v4v6") != words.end();
  }

  std::vector<Bind> read(std::string_view text) {
    if (text.starts_with("unix@") || text.starts_with('/'))
      return unix_socket(text.starts_with('/') ? text : text.substr(5));
    static constexpr std::string_view families[] = {"ipv4@", "ipv6@", "tcp@", "tcp4@", "tcp6@"};
    bool v6 = false;
    for (const std::string_view family : families) {
      if (!text.starts_with(family)) continue;
      v6 = family.find('6') != std::string_view::npos;
      text.remove_prefix(family.size());
    }
    if (text.starts_with("quic")) return refused("HTTP/3 is not available in this version");
    if (text.find('@') != std::string_view::npos)
      return refused("only addresses of TCP and Unix sockets are listened on");
    return internet(text, v6);
  }

 private:
  std::vector<Bind> refused(std::string why) {
    report_.lost(at_, std::move(why));
    return {};
  }

  std::vector<Bind> unix_socket(std::string_view path) {
    if (proxy_.mode != Mode::http) return refused("a Unix socket is listened on for HTTP only");
    Bind bind;
    bind.unix_path = path;
    return {bind};
  }

  std::vector<Bind> internet(std::string_view text, bool v6) {
    auto [host, port] = split_port(text);
    const auto ports = ports_of(port);
    if (!ports) return refused(fmt::format("`{}` has no port that could be listened on", text));
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
    Bind bind;
    if (host.empty() || host == "*" || host == "0.0.0.0") {
      if (v6)
        bind.address = v4v6_ ? "" : "[::]";
      else if (host != "0.0.0.0")
        report_.changed(at_, "without an address it listens on IPv6 too");
      if (!v6 && host == "0.0.0.0") bind.address = host;
    } else if (host == "::") {
      bind.address = v4v6_ ? "" : "[::]";
    } else if (const auto address = IpAddress::parse(host)) {
      bind.address = address->v4 ? address->text() : "[" + address->text() + "]";
    } else {
      return refused(fmt::format("`{}` is not an IP address of this machine", host));
    }
    std::vector<Bind> result;
    for (bind.port = ports->first; bind.port <= ports->last; ++bind.port) result.push_back(bind);
    return result;
  }

  const Origin& at_;
  const Proxy& proxy_;
  Report& report_;
  bool v4v6_ = false;
};

// `alpn h2,http/1.1`: both are offered by default.
void offered(const Directive& directive, const std::string& list, const Proxy& proxy, Report& report) {
  if (proxy.mode != Mode::http)
    return report.lost(directive.at, "tls:// agrees on no protocol with clients, which mail programs do not ask for");
  const bool http2 = list.find("h2") != std::string::npos;
  if (http2)
    report.not_needed(directive.at, "bind alpn (HTTP/2 and HTTP/1.1 are offered by themselves)");
  else
    report.changed(directive.at, "HTTP/2 is offered to clients too; `tls: { http2: off }` of the entry takes it away");
}

class ParameterReader {
 public:
  ParameterReader(const Directive& directive, const Proxy& proxy, Collecting& state)
      : directive_(directive), proxy_(proxy), state_(state) {}

  Bind read() {
    for (size_t at = 2; at < directive_.words.size(); ++at) at += parameter(directive_.words[at], at);
    if (!bind_.ssl)
      bind_.tls = {};
    else
      bind_.tls.modern = bind_.tls.modern || state_.globals.modern_tls;
    if (!bind_.tls.clients.ca.empty() && bind_.tls.clients.mode.empty()) bind_.tls.clients.mode = "required";
    if (bind_.tls.clients.mode == "none" || bind_.tls.clients.ca.empty()) bind_.tls.clients = {};
    return bind_;
  }

 private:
  // How many of the words behind it belong to it.
  size_t parameter(const std::string& word, size_t at) {
    const std::string& value = directive_.word(at + 1);
    Report& report = state_.report;
    if (word == "ssl")
      bind_.ssl = true;
    else if (word == "accept-proxy")
      bind_.accept_proxy = true;
    else if (word == "v4v6" || word == "v6only")
      note_v6(word);
    else if (word == "crt")
      add_certificates(directive_.at, value, state_);
    else if (word == "crt-list")
      add_certificate_list(directive_.at, value, state_);
    else if (word == "alpn" || word == "npn")
      offered(directive_, value, proxy_, report);
    else if (word == "ssl-min-ver")
      minimum(value);
    else if (word == "force-tlsv13" || word == "no-tlsv12")
      bind_.tls.modern = true;
    else if (word == "ca-file" || word == "ca-verify-file")
      bind_.tls.clients.ca = in_folder(state_.globals.ca_base, value);
    else if (word == "verify")
      bind_.tls.clients.mode = value;
    else
      return unknown(word);
    const bool alone = word == "ssl" || word == "accept-proxy" || word == "v4v6" || word == "v6only" ||
                       word == "force-tlsv13" || word == "no-tlsv12";
    return alone ? 0 : 1;
  }

  void note_v6(const std::string& word) {
    if (directive_.word(1).find("::") == std::string::npos)
      state_.report.not_needed(directive_.at, fmt::format("bind {} (it is not an address of IPv6)", word));
    else if (word == "v6only")
      state_.report.changed(directive_.at, "`[::]` may listen on IPv4 too, as the system has it");
  }

  void minimum(const std::string& version) {
    if (version == "TLSv1.3")
      bind_.tls.modern = true;
    else if (version == "TLSv1.2")
      state_.report.not_needed(directive_.at, "bind ssl-min-ver (TLS 1.2 is the oldest anyway)");
    else
      state_.report.changed(directive_.at, "TLS 1.2 is the oldest version that is spoken");
  }

  size_t unknown(const std::string& word) {
    const auto known = known_bind_parameter(word);
    if (known && known->fate == Fate::not_needed)
      state_.report.not_needed(directive_.at, fmt::format("bind {} ({})", word, known->why));
    else if (known)
      state_.report.add(directive_.at, fmt::format("{}: {}", word, known->why), known->fate);
    else
      state_.report.lost(directive_.at, fmt::format("the parameter {} of `bind` is not known", word));
    return values_of_bind_parameter(word);
  }

  const Directive& directive_;
  const Proxy& proxy_;
  Collecting& state_;
  Bind bind_;
};

bool same_socket(const Bind& a, const Bind& b) {
  return a.address == b.address && a.port == b.port && a.unix_path == b.unix_path;
}

}  // namespace

void collect_bind(const Directive& directive, Proxy& proxy, Collecting& state) {
  if (directive.words.size() < 2) return state.report.lost(directive.at, "an address is missing");
  const Bind parameters = ParameterReader(directive, proxy, state).read();
  AddressReader addresses(directive, proxy, state);
  std::string_view rest = directive.word(1);
  while (!rest.empty()) {
    const size_t end = std::min(rest.find(','), rest.size());
    for (Bind bind : addresses.read(rest.substr(0, end))) {
      bind.at = directive.at;
      bind.ssl = parameters.ssl;
      bind.accept_proxy = parameters.accept_proxy;
      bind.tls = parameters.tls;
      const auto same = std::ranges::find_if(proxy.binds, [&](const Bind& other) { return same_socket(bind, other); });
      if (same == proxy.binds.end())
        proxy.binds.push_back(std::move(bind));
      else
        state.report.changed(directive.at, fmt::format("listens where line {} does already", same->at.line));
    }
    rest.remove_prefix(std::min(rest.size(), end + 1));
  }
}

}  // namespace sp::import::haproxy
