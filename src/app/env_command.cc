#include "app/env_command.h"

#include <fmt/format.h>

#include <algorithm>
#include <expected>
#include <nlohmann/json.hpp>
#include <ostream>
#include <vector>

#include "app/proxy_variables.h"
#include "app/shell_text.h"
#include "app/wrong_argument.h"
#include "config/address.h"
#include "config/load.h"
#include "http/url.h"

namespace sp::app {
namespace {

using config::Finding;
using policy::DestinationPattern;

// Of a name or a password in a URL. Everything else is percent-encoded, since programs differ about it.
bool is_user(std::string_view text) {
  constexpr std::string_view plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~!$&'()*+,;=:%";
  return !text.empty() && text.find_first_not_of(plain) == std::string_view::npos;
}

// ---- which proxy

std::expected<ProxyToUse, Finding> parse_proxy(const std::string& text) {
  std::string url = text;
  ProxyToUse proxy;
  const auto begin = text.find("://");
  const auto at = text.rfind('@');
  if (begin != std::string::npos && at != std::string::npos && at > begin) {
    proxy.user = text.substr(begin + 3, at - begin - 3);
    url.erase(begin + 3, at - begin - 2);
    if (!is_user(proxy.user)) {
      // Without the text: it is a password.
      return std::unexpected(wrong_argument("--proxy",
                                            "the name or the password of the URL holds characters that no URL has",
                                            "write these as %XX: `@` is %40, `:` in a password is %3A, `/` is %2F"));
    }
  }
  const auto parsed = http::parse_url(url);
  const bool known = parsed && (parsed->scheme == "http" || parsed->scheme == "https" || parsed->scheme == "socks5");
  if (!known || parsed->is_unix() || parsed->has_query || parsed->path.size() > 1) {
    return std::unexpected(
        wrong_argument("--proxy", "it is not the URL of a proxy",
                       "write http://HOST:PORT, https://HOST:PORT or socks5://HOST:PORT, perhaps with "
                       "NAME:PASSWORD@ before the host"));
  }
  if (parsed->port == 0) {
    return std::unexpected(wrong_argument("--proxy",
                                          "the URL has no port, and programs differ about the one that is meant",
                                          fmt::format("write it: {}://{}:3128", parsed->scheme, parsed->authority())));
  }
  proxy.scheme = parsed->scheme;
  proxy.host = parsed->host;
  proxy.port = parsed->port;
  return proxy;
}

struct Configured {
  ProxyToUse proxy;
  std::vector<std::string> remarks;
};

Configured from_entry(const config::OutboundConfig& entry, const config::Address& address) {
  Configured made;
  const bool everywhere = address.host.empty() || address.host == "0.0.0.0" || address.host == "::";
  made.proxy = {.scheme = address.scheme == "proxy" ? "http" : address.scheme,
                .user = "",
                .host = everywhere ? "127.0.0.1" : address.host,
                .port = address.port};
  if (everywhere)
    made.remarks.emplace_back(
        "The gate listens on all addresses: on another machine, write one that is reached there.");
  if (!entry.users.empty())
    made.remarks.emplace_back(
        "It asks for a name and a password: give the URL with them, --proxy http://NAME:PASSWORD@HOST:PORT.");
  return made;
}

// Null where it was said already what is wrong with the file.
std::expected<Configured, Exit> from_file(const EnvArguments& arguments, const CommandWorld& world) {
  const auto path = find_configuration(arguments.file, world);
  if (!path) return std::unexpected(Exit::usage);
  const config::Loaded loaded = config::load_file(*path, world.files);
  if (!loaded.ok()) {
    world.err << config::print(loaded.findings, loaded.sources, world.err_color);
    return std::unexpected(Exit::configuration);
  }
  for (const config::OutboundConfig& entry : loaded.config.outbound) {
    for (const config::Text& listen : entry.listen) {
      if (const auto address = config::parse_address(listen.value, config::AddressUse::way_out))
        return from_entry(entry, *address);
    }
  }
  world.err << fmt::format("{} has no `outbound` entry: name the proxy with --proxy URL.\n", *path);
  return std::unexpected(Exit::failed);
}

std::expected<Configured, Exit> proxy_of(const EnvArguments& arguments, const CommandWorld& world) {
  if (!arguments.proxy) return from_file(arguments, world);
  auto parsed = parse_proxy(*arguments.proxy);
  if (parsed) return Configured{*std::move(parsed), {}};
  world.err << config::print({parsed.error()}, {}, world.err_color);
  return std::unexpected(Exit::usage);
}

// ---- what goes without it

std::expected<std::vector<DestinationPattern>, Finding> parse_no_proxy(std::string_view list) {
  std::vector<DestinationPattern> made;
  for (;;) {
    const auto begin = list.find_first_not_of(", \t\n");
    if (begin == std::string_view::npos) return made;
    list.remove_prefix(begin);
    const auto end = std::min(list.find_first_of(", \t\n"), list.size());
    auto pattern = policy::parse_destination(list.substr(0, end));
    if (!pattern) return std::unexpected(wrong_argument("--no-proxy", pattern.error().message, pattern.error().remedy));
    made.push_back(*std::move(pattern));
    list.remove_prefix(end);
  }
}

// ---- printing

void print_json(const ProxyVariables& made, const CommandWorld& world) {
  nlohmann::ordered_json json{{"variables", nlohmann::ordered_json::object()}, {"remarks", made.remarks}};
  for (const auto& [name, value] : made.variables) json["variables"][name] = value;
  world.out << json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) << "\n";
}

void print_text(const ProxyVariables& made, const CommandWorld& world) {
  bool has_percent = false;
  for (const auto& [name, value] : made.variables) {
    world.out << fmt::format("export {}={}\n", name, shell_text(value));
    has_percent = has_percent || value.contains('%');
  }
  for (const std::string& each : made.remarks) world.out << "# " << each << "\n";
  if (has_percent) world.out << "# In a unit of systemd (Environment=), each % is written twice.\n";
}

}  // namespace

std::string env_runtimes() {
  std::vector<std::string_view> names;
  for (const ProxyRuntime& each : proxy_runtimes()) names.push_back(each.name);
  const std::string_view last = names.back();
  names.pop_back();
  return fmt::format("{} or {}", fmt::join(names, ", "), last);
}

Exit env_command(const EnvArguments& arguments, const CommandWorld& world) {
  const auto runtime = std::ranges::find(proxy_runtimes(), arguments.runtime, &ProxyRuntime::name);
  const auto direct = parse_no_proxy(arguments.no_proxy);
  std::vector<Finding> findings;
  if (runtime == proxy_runtimes().end()) {
    findings.push_back(wrong_argument("--for", fmt::format("there is nothing known about `{}`", arguments.runtime),
                                      "name one of " + env_runtimes()));
  }
  if (!direct) findings.push_back(direct.error());
  if (!findings.empty()) {
    world.err << config::print(findings, {}, world.err_color);
    return Exit::usage;
  }
  auto proxy = proxy_of(arguments, world);
  if (!proxy) return proxy.error();
  ProxyVariables made = runtime->variables(proxy->proxy, *direct);
  made.remarks.insert(made.remarks.end(), proxy->remarks.begin(), proxy->remarks.end());
  if (arguments.format == Format::json) {
    print_json(made, world);
  } else {
    print_text(made, world);
  }
  return Exit::ok;
}

}  // namespace sp::app
