#include "import/apache/listening.h"

#include <algorithm>

#include "base/ip.h"

namespace sp::import::apache {
namespace {

struct Address {
  std::string host;  // empty: all; IPv6 with brackets
  std::string port;  // empty: not said
};

Address split(const std::string& text) {
  const size_t colon = text.rfind(':');
  const size_t bracket = text.rfind(']');
  Address address;
  if (colon != std::string::npos && (bracket == std::string::npos || colon > bracket)) {
    address = {text.substr(0, colon), text.substr(colon + 1)};
  } else if (!text.empty() && text.find_first_not_of("0123456789") == std::string::npos) {
    address.port = text;
  } else {
    address.host = text;
  }
  if (address.host == "*" || same_word(address.host, "_default_")) address.host.clear();
  if (address.port == "*") address.port.clear();
  return address;
}

bool is_address(std::string_view host) {
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  return IpAddress::parse(host).has_value();
}

void add_once(std::vector<std::string>& to, std::string value) {
  if (std::ranges::find(to, value) == to.end()) to.push_back(std::move(value));
}

bool answers_for(const Address& host, const Address& listen) {
  if (!host.port.empty() && host.port != listen.port) return false;
  return host.host.empty() || listen.host.empty() || host.host == listen.host;
}

}  // namespace

std::vector<std::string> listen_urls(const Configuration& configuration, const Server& host, Report& report) {
  const bool tls = host.tls.engine.value_or(false);
  std::vector<std::string> places;
  for (const std::string& text : host.addresses) {
    Address address = split(text);
    if (!address.host.empty() && !is_address(address.host)) {
      report.changed(host.origin, "listens on every address: Sallyport listens on addresses, not on names");
      address.host.clear();
    }
    bool listened = false;
    for (const std::string& each : configuration.listens) {
      const Address listen = split(each);
      if (!answers_for(address, listen)) continue;
      // Without a port, https is not spoken on 80, nor http on 443.
      if (address.port.empty() && listen.port == (tls ? "80" : "443")) continue;
      add_once(places, (address.host.empty() ? listen.host : address.host) + ":" + listen.port);
      listened = true;
    }
    if (!listened) add_once(places, address.host + ":" + (address.port.empty() ? (tls ? "443" : "80") : address.port));
  }
  // Every address includes these two.
  for (const std::string& place : std::vector<std::string>(places)) {
    if (!place.starts_with(':')) continue;
    std::erase_if(places,
                  [&](const std::string& other) { return other == "[::]" + place || other == "0.0.0.0" + place; });
  }
  for (std::string& place : places) place.insert(0, tls ? "https://" : "http://");
  return places;
}

std::vector<std::string> remaining_addresses(const Configuration& configuration) {
  std::vector<std::string> remaining;
  for (const std::string& listen : configuration.listens) {
    const bool taken = std::ranges::any_of(configuration.virtual_hosts, [&](const Server& host) {
      return std::ranges::any_of(host.addresses,
                                 [&](const std::string& each) { return answers_for(split(each), split(listen)); });
    });
    if (!taken) add_once(remaining, listen);
  }
  if (configuration.listens.empty() && configuration.virtual_hosts.empty()) remaining.push_back("*:80");
  return remaining;
}

}  // namespace sp::import::apache
