#include "app/proxy_variables.h"

#include <fmt/format.h>

#include <array>
#include <iterator>

#include "app/no_proxy.h"

namespace sp::app {
namespace {

using Domains = NoProxyDialect::Domains;
using Networks = NoProxyDialect::Networks;
using Ipv6 = NoProxyDialect::Ipv6;
using Ports = NoProxyDialect::Ports;
using Everything = NoProxyDialect::Everything;
using Destinations = std::span<const policy::DestinationPattern>;

// What is said here of Go 1.19, Python 3.11 with requests 2.28 and 2.34, Node 20 with undici 6, OpenJDK 17, curl 7.88,
// Ruby 3.1 and PHP 8.2 was tried with these (e2e/outbound/test_env.py); what Node says of itself since 24, and .NET, is
// from their documentation.

enum class Case : std::uint8_t { upper, lower };

ProxyVariables variables_for(const ProxyToUse& proxy, const NoProxyDialect& dialect, Destinations direct,
                             Case letters) {
  const bool upper = letters == Case::upper;
  NoProxy no_proxy = no_proxy_for(dialect, direct);
  ProxyVariables made;
  made.variables = {{upper ? "HTTP_PROXY" : "http_proxy", proxy.url()},
                    {upper ? "HTTPS_PROXY" : "https_proxy", proxy.url()}};
  if (!no_proxy.value.empty()) made.variables.emplace_back(upper ? "NO_PROXY" : "no_proxy", no_proxy.value);
  made.remarks = std::move(no_proxy.remarks);
  return made;
}

void remark(ProxyVariables& made, std::string text) { made.remarks.push_back(std::move(text)); }

// Half of the runtimes speak nothing but HTTP to a proxy.
void remark_scheme(ProxyVariables& made, const ProxyToUse& proxy, std::string_view https, std::string_view socks5) {
  const std::string_view text = proxy.scheme == "https" ? https : proxy.scheme == "socks5" ? socks5 : "";
  if (!text.empty()) remark(made, std::string(text));
}

ProxyVariables go(const ProxyToUse& proxy, Destinations direct) {
  ProxyVariables made = variables_for(
      proxy, {.networks = Networks::both, .ipv6 = Ipv6::plain, .ports = Ports::yes, .everything = Everything::yes},
      direct, Case::upper);
  remark(made, "Read once, by transports with http.ProxyFromEnvironment, as the default one has.");
  remark(made, "localhost, 127.0.0.0/8 and ::1 are never reached by a proxy, whatever is said here.");
  remark(made, "Where REQUEST_METHOD is set (CGI), http:// requests fail as long as HTTP_PROXY is set.");
  return made;
}

ProxyVariables python(const ProxyToUse& proxy, Destinations direct) {
  ProxyVariables made = variables_for(proxy,
                                      {.domains = Domains::dot_is_both,
                                       .networks = Networks::v4,
                                       .networks_remark = "requests understands networks, urllib does not",
                                       .ipv6 = Ipv6::either,
                                       .ports = Ports::where_written,
                                       .everything = Everything::alone},
                                      direct, Case::lower);
  remark_scheme(made, proxy, "requests speaks TLS to a proxy; urllib speaks in clear to it whatever the URL says.",
                "requests needs PySocks for socks5://, urllib does not speak it.");
  remark(made, "Names have a leading dot: without it requests 2.28 takes `example.com` for badexample.com too.");
  remark(made, "localhost is reached by the proxy, unless it is in no_proxy.");
  return made;
}

ProxyVariables node(const ProxyToUse& proxy, Destinations direct) {
  ProxyVariables made =
      variables_for(proxy,
                    {.domains = Domains::exact_or_dot,
                     .networks = Networks::v4_as_ranges,
                     .networks_remark = "Node's own reading understands it as a range, that of undici does not",
                     .ipv6 = Ipv6::brackets,
                     .ports = Ports::yes,
                     .everything = Everything::alone},
                    direct, Case::upper);
  made.variables.emplace_back("NODE_USE_ENV_PROXY", "1");
  remark_scheme(made, proxy, "", "undici 6 does not speak socks5://.");
  remark(made,
         "Node 24 and later reads them where NODE_USE_ENV_PROXY is 1. Older ones do not; there a program calls "
         "undici's setGlobalDispatcher(new EnvHttpProxyAgent()).");
  remark(made, "Packages with agents of their own may read them in another way, or not at all.");
  remark(made, "localhost is reached by the proxy, unless it is in NO_PROXY.");
  return made;
}

std::string java_options(const ProxyToUse& proxy, const std::string& direct) {
  std::string options;
  const auto add = [&](std::string_view what) {
    options += fmt::format("{0}-D{1}Host={2} -D{1}Port={3}", options.empty() ? "" : " ", what, proxy.host, proxy.port);
  };
  if (proxy.scheme == "socks5") {
    add("socksProxy");
  } else {
    add("http.proxy");
    add("https.proxy");
  }
  if (direct.empty()) return options;
  return options +
         fmt::format(" -D{}={}", proxy.scheme == "socks5" ? "socksNonProxyHosts" : "http.nonProxyHosts", direct);
}

ProxyVariables java(const ProxyToUse& proxy, Destinations direct) {
  NoProxy no_proxy = no_proxy_for({.domains = Domains::stars,
                                   .networks = Networks::v4_by_octets,
                                   .ipv6 = Ipv6::brackets,
                                   .everything = Everything::yes,
                                   .separator = '|'},
                                  direct);
  ProxyVariables made{{{"JAVA_TOOL_OPTIONS", java_options(proxy, no_proxy.value)}}, std::move(no_proxy.remarks)};
  remark(made, "Java reads no HTTP_PROXY; these are options of its own, for http:// and https:// alike.");
  remark_scheme(made, proxy,
                "It speaks no TLS to a proxy: the port must take HTTP in clear too, as one of `proxy://` does.", "");
  if (!proxy.user.empty()) {
    remark(made,
           "It has no option for name and password: the program sets a java.net.Authenticator, and "
           "-Djdk.http.auth.tunneling.disabledSchemes= allows it to send them for https://.");
  }
  remark(made, "localhost, 127.0.0.0/8 and ::1 are never reached by a proxy.");
  return made;
}

constexpr NoProxyDialect curl_dialect{.domains = Domains::name_is_both,
                                      .networks = Networks::v4,
                                      .networks_remark = "understood since curl 7.86",
                                      .ipv6 = Ipv6::plain,
                                      .everything = Everything::alone};

ProxyVariables curl(const ProxyToUse& proxy, Destinations direct) {
  ProxyVariables made = variables_for(proxy, curl_dialect, direct, Case::lower);
  remark(made, "HTTP_PROXY in upper case is not read.");
  remark(made, "localhost is reached by the proxy, unless it is in no_proxy.");
  return made;
}

ProxyVariables php(const ProxyToUse& proxy, Destinations direct) {
  ProxyVariables made = variables_for(proxy, curl_dialect, direct, Case::lower);
  remark(made, "For the curl extension alone: file_get_contents() and other streams read no variables.");
  remark(made, "localhost is reached by the proxy, unless it is in no_proxy.");
  return made;
}

ProxyVariables ruby(const ProxyToUse& proxy, Destinations direct) {
  ProxyVariables made = variables_for(
      proxy, {.networks = Networks::v4, .ipv6 = Ipv6::no, .ports = Ports::yes, .everything = Everything::no}, direct,
      Case::lower);
  remark_scheme(made, proxy, "Net::HTTP speaks in clear to the proxy whatever the URL says.",
                "Net::HTTP does not speak socks5://.");
  remark(made, "Names that resolve to 127.0.0.0/8 or ::1 are never reached by a proxy.");
  remark(made, "Where REQUEST_METHOD is set (CGI), HTTP_PROXY in upper case is not read.");
  return made;
}

ProxyVariables dotnet(const ProxyToUse& proxy, Destinations direct) {
  ProxyVariables made =
      variables_for(proxy, {.domains = Domains::exact_or_dot, .ipv6 = Ipv6::plain}, direct, Case::upper);
  remark(made,
         "By the documentation of HttpClient.DefaultProxy; not tried. A handler with a proxy of its own reads none.");
  return made;
}

constexpr std::array<ProxyRuntime, 8> runtimes{{{"go", &go},
                                                {"python", &python},
                                                {"node", &node},
                                                {"java", &java},
                                                {"curl", &curl},
                                                {"ruby", &ruby},
                                                {"php", &php},
                                                {"dotnet", &dotnet}}};

}  // namespace

std::string ProxyToUse::url() const {
  const bool ipv6 = host.contains(':');
  return fmt::format("{}://{}{}{}{}{}:{}", scheme, user, user.empty() ? "" : "@", ipv6 ? "[" : "", host,
                     ipv6 ? "]" : "", port);
}

std::span<const ProxyRuntime> proxy_runtimes() { return runtimes; }

}  // namespace sp::app
