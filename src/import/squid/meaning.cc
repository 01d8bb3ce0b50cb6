#include "import/squid/meaning.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>

namespace sp::import::squid {
namespace {

using About = Meaning::About;

// Those that Squid has without being told.
const std::map<std::string, Acl, std::less<>>& built_in() {
  static const std::map<std::string, Acl, std::less<>> all{
      {"all", {"all", "src", {}, {"all"}, {}, {}}},
      {"manager", {"manager", "manager", {}, {}, {}, {}}},
      {"localhost", {"localhost", "src", {}, {"127.0.0.1", "::1"}, {}, {}}},
      {"to_localhost", {"to_localhost", "dst", {}, {"127.0.0.0/8", "0.0.0.0", "::1", "::"}, {}, {}}},
      {"to_linklocal", {"to_linklocal", "dst", {}, {"169.254.0.0/16", "fe80::/10"}, {}, {}}},
      {"CONNECT", {"CONNECT", "method", {}, {"CONNECT"}, {}, {}}},
  };
  return all;
}

std::string day_words(std::string_view letters) {
  static constexpr std::array<std::pair<char, std::string_view>, 8> days{{{'S', "Sun"},
                                                                          {'M', "Mon"},
                                                                          {'T', "Tue"},
                                                                          {'W', "Wed"},
                                                                          {'H', "Thu"},
                                                                          {'F', "Fri"},
                                                                          {'A', "Sat"},
                                                                          {'D', "Mon-Fri"}}};
  std::string text;
  for (const char letter : letters) {
    const auto day = std::ranges::find(days, letter, [](const auto& each) { return each.first; });
    if (day == days.end()) return {};
    text.append(text.empty() ? "" : ",").append(day->second);
  }
  return text == "Mon,Tue,Wed,Thu,Fri" ? "Mon-Fri" : text;
}

// "9:00" as "09:00".
std::string clock_text(std::string_view text) {
  const auto colon = text.find(':');
  if (colon == std::string_view::npos || colon == 0 || colon > 2 || text.size() - colon != 3) return {};
  if (text.find_first_not_of("0123456789:") != std::string_view::npos) return {};
  return (colon == 1 ? "0" : "") + std::string(text);
}

// One value of `time`: "MTWHF", "09:00-17:00". Days and hours are values of their own, as the line has them.
bool add_time(std::string_view value, std::string& hours) {
  const auto dash = value.find('-');
  if (dash != std::string_view::npos) {
    const std::string from = clock_text(value.substr(0, dash)), to = clock_text(value.substr(dash + 1));
    if (from.empty() || to.empty()) return false;
    hours += (hours.empty() ? "" : " ") + from + "-" + to;
    return true;
  }
  const std::string days = day_words(value);
  if (days.empty()) return false;
  hours += (hours.empty() ? "" : ", ") + days;
  return true;
}

}  // namespace

void Meanings::lost(const Acl& acl, const std::string& why) {
  if (!acl.places.empty()) report_.lost(acl.places.front(), why);
}

Meaning Meanings::unknown(const Acl& acl, const std::string& why) {
  lost(acl, why);
  return {};
}

// What cannot be read of a list is told once, with the first of it.
template <class Read>
void Meanings::read_values(const Acl& acl, Meaning& meaning, const std::string& what, Read read) {
  std::string first;
  std::size_t count = 0;
  for (const std::string& value : acl.values) {
    if (read(value)) continue;
    if (count++ == 0) first = value;
  }
  if (count != 0) {
    meaning.partial = true;
    lost(acl, count == 1 ? fmt::format("{} is {}", first, what)
                         : fmt::format("{} and {} more are {}", first, count - 1, what));
  }
  if (acl.fault.empty()) return;
  meaning.partial = true;
  lost(acl, acl.fault);
}

Meaning Meanings::clients(const Acl& acl) {
  Meaning meaning{.about = About::from};
  read_values(acl, meaning, "no address that a client can have, or a name whose addresses are known at run time only",
              [&](const std::string& value) {
                if (value.starts_with("0.0.0.1-0.")) return true;  // "this network": no client comes from there
                const auto networks = networks_of(value);
                meaning.from.insert(meaning.from.end(), networks.begin(), networks.end());
                return !networks.empty();
              });
  if (std::ranges::any_of(meaning.from, &config::Network::every)) return {.about = About::everything};
  return meaning;
}

Meaning Meanings::addresses(const Acl& acl) {
  Meaning meaning{.about = About::to};
  read_values(acl, meaning, "no address or network", [&](const std::string& value) {
    const auto networks = networks_of(value);
    for (const config::Network& network : networks) meaning.to.push_back({Destination::Kind::network, {}, network});
    return !networks.empty();
  });
  return meaning;
}

Meaning Meanings::names(const Acl& acl) {
  Meaning meaning{.about = About::to};
  read_values(acl, meaning, "no name of a host", [&](const std::string& value) {
    const auto networks = networks_of(value);
    if (networks.size() == 1 && !networks.front().every) {
      meaning.to.push_back({Destination::Kind::network, {}, networks.front()});
      return true;
    }
    const auto destination = destination_of_name(value);
    if (destination) meaning.to.push_back(*destination);
    return destination.has_value();
  });
  return meaning;
}

Meaning Meanings::expressions(const Acl& acl) {
  Meaning meaning{.about = About::to};
  read_values(acl, meaning, "an expression that says more than a name: write the names that it stands for",
              [&](const std::string& value) {
                const auto destination = destination_of_regex(value);
                if (destination) meaning.to.push_back(*destination);
                return destination.has_value();
              });
  return meaning;
}

Meaning Meanings::ports(const Acl& acl) {
  Meaning meaning{.about = About::ports};
  read_values(acl, meaning, "no port", [&](const std::string& value) {
    const auto range = port_range_of(value);
    if (range) meaning.ports.push_back(*range);
    return range.has_value();
  });
  meaning.ports = sorted(meaning.ports);
  return meaning;
}

Meaning Meanings::methods(const Acl& acl) {
  Meaning meaning{.about = About::methods};
  read_values(acl, meaning, "no method", [&](const std::string& value) {
    std::string method = value;
    std::ranges::transform(method, method.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    meaning.methods.push_back(std::move(method));
    return true;
  });
  return meaning;
}

Meaning Meanings::users(const Acl& acl) {
  Meaning meaning{.about = About::who};
  bool anybody = false;
  read_values(acl, meaning, "no user", [&](const std::string& value) {
    anybody = anybody || value == "REQUIRED";
    meaning.who.push_back(value);
    return true;
  });
  if (anybody) meaning.who.clear();
  if (std::ranges::find(acl.flags, "-i") != acl.flags.end())
    report_.changed(acl.places.front(), "names of users are told apart by case here");
  return meaning;
}

Meaning Meanings::hours(const Acl& acl) {
  Meaning meaning{.about = About::hours};
  read_values(acl, meaning, "neither days nor hours",
              [&](const std::string& value) { return add_time(value, meaning.hours); });
  lost(acl, "these hours are of Squid's time zone, and those of `schedule` are UTC: move them");
  return meaning;
}

Meaning Meanings::connections(const Acl& acl) {
  Meaning meaning{.about = About::connections};
  const auto most = acl.values.size() == 1 ? port_range_of(acl.values.front()) : std::nullopt;
  if (!most) return unknown(acl, "no number of connections");
  meaning.most = most->first;
  return meaning;
}

// Which port the client came to is known here.
Meaning Meanings::own_port(const Acl& acl, const Listener& listener) {
  const bool by_name = acl.type == "myportname";
  const bool here = std::ranges::any_of(acl.values, [&](const std::string& value) {
    const auto range = port_range_of(value);
    if (by_name || !range) return by_name && value == listener.name;
    return range->first <= listener.port && listener.port <= range->second;
  });
  return {.about = here ? About::everything : About::nothing};
}

Meaning Meanings::of_list(const Acl& acl, const Listener& listener) {
  using Reader = Meaning (Meanings::*)(const Acl&);
  static constexpr std::array<std::pair<std::string_view, Reader>, 11> readers{
      {{"src", &Meanings::clients},
       {"dst", &Meanings::addresses},
       {"dstdomain", &Meanings::names},
       {"ssl::server_name", &Meanings::names},
       {"dstdom_regex", &Meanings::expressions},
       {"ssl::server_name_regex", &Meanings::expressions},
       {"port", &Meanings::ports},
       {"method", &Meanings::methods},
       {"proxy_auth", &Meanings::users},
       {"time", &Meanings::hours},
       {"maxconn", &Meanings::connections}}};
  const std::string& type = acl.type;
  const auto reader = std::ranges::find(readers, std::string_view(type), [](const auto& each) { return each.first; });
  if (reader != readers.end()) return (this->*reader->second)(acl);
  if (type == "manager") return {.about = About::nothing};
  if (type == "at_step") return {.about = About::step};
  if (type == "localport" || type == "myport" || type == "myportname") return own_port(acl, listener);
  const auto is_http = [](const std::string& value) { return value == "HTTP" || value == "HTTPS" || value == "NONE"; };
  // Nobody speaks FTP or Gopher here.
  if (type == "proto" && std::ranges::none_of(acl.values, is_http)) return {.about = About::nothing};
  return unknown(acl, fmt::format("`{}` cannot be asked about here", type));
}

Meaning Meanings::of(const std::string& name, const Listener& listener, const Origin& at) {
  used_.insert(name);
  const auto own = configuration_.acls.find(name);
  if (own != configuration_.acls.end()) return of_list(own->second, listener);
  const auto given = built_in().find(name);
  if (given != built_in().end()) return of_list(given->second, listener);
  report_.lost(at, fmt::format("there is no `acl {}`", name));
  return {};
}

void Meanings::remark_unused() {
  for (const auto& [name, acl] : configuration_.acls) {
    if (used_.contains(name)) continue;
    for (const Origin& place : acl.places) report_.not_needed(place, "nothing that was translated asks for it");
  }
}

}  // namespace sp::import::squid
