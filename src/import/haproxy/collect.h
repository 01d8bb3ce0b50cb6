// The parts of collect(): each understands some directives, and says what it cannot.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "import/haproxy/proxy.h"

namespace sp::import::haproxy {

// What `global` says and sections need.
struct Globals {
  std::string ca_base, crt_base;
  bool modern_tls = false;
  bool servers_unverified = false;
};

struct Collecting {
  const config::FileSystem& disk;
  Report& report;
  Configuration& result;
  Globals globals;
  std::vector<std::string> default_server;  // of the section that is read
};

void collect_global(const Directive& directive, Collecting& state);
void collect_bind(const Directive& directive, Proxy& proxy, Collecting& state);
void collect_server(const Directive& directive, Proxy& proxy, Collecting& state);
void collect_tcp_request(const Directive& directive, Proxy& proxy, Collecting& state);
void collect_http_request(const Directive& directive, Proxy& proxy, Collecting& state);
void collect_http_response(const Directive& directive, Proxy& proxy, Collecting& state);
void collect_redirect(const Directive& directive, size_t first, Proxy& proxy, Collecting& state);
void collect_option(const Directive& directive, Proxy& proxy, Collecting& state);

// The condition from `first` on. Null, and a remark, where it cannot be read.
std::optional<Condition> condition_of(const Directive& directive, size_t first, const Proxy& proxy, Collecting& state);
// Where `if` or `unless` stands, or the number of words.
size_t condition_start(const Directive& directive, size_t first);

// ---- values

std::optional<std::string> our_duration(std::string_view text);  // "30s", "5000" (milliseconds)
std::optional<int> number(std::string_view text);
// A log format ("%[src]") in our variables; null where one is not known.
std::optional<std::string> our_value(std::string_view format);
// "10.0.0.0/255.0.0.0" and the like as we write it; null for anything but an address or network.
std::optional<std::string> our_network(std::string_view text);
// Where an address ends and its port begins: the last colon, but not one within IPv6. The port may be missing.
std::pair<std::string, std::string> split_port(std::string_view text);

// ---- what is known without being translated: a reason, or an empty text

struct Known {
  Fate fate = Fate::lost;
  std::string_view why;
};
std::optional<Known> known_directive(std::string_view name);
std::optional<Known> known_option(std::string_view name);
std::optional<Known> known_global(std::string_view name);
std::optional<Known> known_bind_parameter(std::string_view name);
std::optional<Known> known_server_parameter(std::string_view name);
std::optional<Known> known_http_action(std::string_view name);
// Of a parameter: how many words follow it that belong to it.
size_t values_of_bind_parameter(std::string_view name);
size_t values_of_server_parameter(std::string_view name);

}  // namespace sp::import::haproxy
