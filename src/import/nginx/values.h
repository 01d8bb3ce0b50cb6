// Values as NGINX writes them, and as Sallyport does.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sp::import::nginx {

// "60", "60s", "1m30s", "500ms", "1d".
std::optional<std::chrono::milliseconds> parse_time(std::string_view text);
std::string time_text(std::chrono::milliseconds time);  // within what `timeouts` take
// "1m", "8k", "1g", "1024".
std::optional<std::uint64_t> parse_size(std::string_view text);

// "host", "host:80", "[::1]:80", "unix:/run/x.sock".
struct Server {
  std::string host;        // IPv6 in brackets
  std::uint16_t port = 0;  // 0: none is written
  std::string unix_path;
};
std::optional<Server> parse_server(std::string_view text);
// "http://host:80", "http+unix:///run/x.sock". Without a port of its own, `port` is taken (0: none is written).
std::string server_url(const Server& server, std::string_view scheme, std::uint16_t port);

// The word behind "name=" in "name=word".
std::optional<std::string> parameter(std::string_view word, std::string_view name);
// A name as upstreams and entries may have it.
std::string simple_name(std::string_view text);
std::string without_slash(std::string_view path);

}  // namespace sp::import::nginx
