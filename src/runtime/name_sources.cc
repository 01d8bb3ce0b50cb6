#include "runtime/name_sources.h"

#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/stat.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <iterator>

namespace sp::runtime {
namespace {

constexpr std::chrono::seconds look_interval{2};
constexpr std::string_view blank = " \t\r\f\v";

// The next piece of `line` between blanks; empty at the end.
std::string_view next_word(std::string_view& line) {
  line.remove_prefix(std::min(line.find_first_not_of(blank), line.size()));
  const std::size_t end = std::min(line.find_first_of(blank), line.size());
  const std::string_view word = line.substr(0, end);
  line.remove_prefix(end);
  return word;
}

// The next line, without what stands behind one of `comment`.
std::string_view next_line(std::string_view& text, std::string_view comment) {
  const std::size_t end = std::min(text.find('\n'), text.size());
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return line.substr(0, line.find_first_of(comment));
}

void read_option(std::string_view option, SearchList& search) {
  constexpr std::string_view key = "ndots:";
  if (!option.starts_with(key)) return;
  option.remove_prefix(key.size());
  unsigned value = 0;
  const auto read = std::from_chars(option.data(), option.data() + option.size(), value);
  if (read.ec == std::errc{}) search.ndots = std::min(value, 15u);  // as resolv.conf(5) bounds it
}

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

void add_once(std::vector<IpAddress>& addresses, const IpAddress& address) {
  if (std::ranges::find(addresses, address) == addresses.end()) addresses.push_back(address);
}

}  // namespace

HostsTable parse_hosts(std::string_view text) {
  HostsTable hosts;
  while (!text.empty()) {
    std::string_view line = next_line(text, "#");
    std::string_view word = next_word(line);
    const auto address = IpAddress::parse(word.substr(0, word.find('%')));
    if (!address) continue;
    for (word = next_word(line); !word.empty(); word = next_word(line)) {
      const std::string name = normal_name(word);
      if (!name.empty()) add_once(hosts[name], *address);
    }
  }
  return hosts;
}

SearchList parse_search_list(std::string_view text) {
  SearchList search;
  while (!text.empty()) {
    std::string_view line = next_line(text, "#;");
    const std::string_view key = next_word(line);
    if (key == "search" || key == "domain") search.domains.clear();  // the last one counts
    for (std::string_view word = next_word(line); !word.empty(); word = next_word(line)) {
      if (key == "options") read_option(word, search);
      if (key != "search" && key != "domain") continue;
      std::string domain = normal_name(word);
      if (!domain.empty()) search.domains.push_back(std::move(domain));
    }
  }
  return search;
}

std::string normal_name(std::string_view host) {
  if (host.ends_with('.')) host.remove_suffix(1);
  if (host.size() > 253) return {};
  std::string name(host);
  std::size_t label = 0;  // its length so far
  for (char& c : name) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    const bool good = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
    if (c == '.' ? label == 0 : !good || label == 63) return {};
    label = c == '.' ? 0 : label + 1;
  }
  return label == 0 ? std::string{} : name;
}

std::vector<std::string> candidates(std::string_view name, const SearchList& search) {
  const bool absolute = name.ends_with('.');
  if (absolute) name.remove_suffix(1);
  std::vector<std::string> names;
  if (!absolute && std::ranges::count(name, '.') < static_cast<std::ptrdiff_t>(search.ndots)) {
    for (const std::string& domain : search.domains) {
      std::string full = std::string(name) + "." + domain;
      if (full.size() <= 253) names.push_back(std::move(full));
    }
  }
  names.emplace_back(name);
  return names;
}

SystemNameSources::SystemNameSources(std::string hosts_path, std::string resolv_conf_path)
    : hosts_path_(std::move(hosts_path)), resolv_conf_path_(std::move(resolv_conf_path)) {}

SystemNameSources::Stamp SystemNameSources::stamp_of(const std::string& path) {
  struct stat status{};
  if (stat(path.c_str(), &status) != 0) return {};
  return {status.st_ino, static_cast<std::uint64_t>(status.st_size), status.st_mtim.tv_sec, status.st_mtim.tv_nsec};
}

const NameSources& SystemNameSources::current(TimePoint now) {
  if (now < look_again_) return sources_;
  const bool first = look_again_ == TimePoint::min();
  look_again_ = now + look_interval;
  const Stamp hosts = stamp_of(hosts_path_), resolv_conf = stamp_of(resolv_conf_path_);
  if (first || hosts != hosts_stamp_) sources_.hosts = parse_hosts(read_file(hosts_path_));
  if (first || resolv_conf != resolv_conf_stamp_) {
    sources_.search = parse_search_list(read_file(resolv_conf_path_));
    ++sources_.servers_version;
  }
  hosts_stamp_ = hosts;
  resolv_conf_stamp_ = resolv_conf;
  read_families();
  return sources_;
}

void SystemNameSources::read_families() {
  ifaddrs* all = nullptr;
  if (getifaddrs(&all) != 0) return;
  bool v4 = false, v6 = false, loopback6 = false;
  for (const ifaddrs* each = all; each != nullptr; each = each->ifa_next) {
    if (each->ifa_addr == nullptr || (each->ifa_flags & IFF_UP) == 0) continue;
    const bool loopback = (each->ifa_flags & IFF_LOOPBACK) != 0;
    if (each->ifa_addr->sa_family == AF_INET) v4 = v4 || !loopback;
    if (each->ifa_addr->sa_family != AF_INET6) continue;
    const in6_addr& address = reinterpret_cast<const sockaddr_in6*>(each->ifa_addr)->sin6_addr;
    loopback6 = loopback6 || IN6_IS_ADDR_LOOPBACK(&address);
    v6 = v6 || (!loopback && !IN6_IS_ADDR_LINKLOCAL(&address));
  }
  freeifaddrs(all);
  // A machine with neither may still have a name server on its loopback: ask for both then.
  sources_.has_v4 = v4 || !v6;
  sources_.has_v6 = v6 || !v4;
  sources_.has_loopback_v6 = loopback6;
}

}  // namespace sp::runtime
