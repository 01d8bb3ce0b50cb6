// What the load generator is told to do.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common.h"

namespace bench {

struct Options {
  std::uint16_t port = 0;
  bool tls = false;
  bool close = false;              // a connection for each request
  bool tunnel = false;             // ask for a WebSocket; nothing is sent through it
  bool absolute = false;           // through a forward proxy, to `origin`: http://127.0.0.1:N/... is asked for
  bool connect = false;            // or through a tunnel, for which each connection asks first
  std::uint16_t origin = 0;        // a port on 127.0.0.1
  bool resume = false;             // with close: offer the session of the last one
  std::uint64_t connections = 64;  // side by side
  std::uint64_t requests = 0;      // measure so many; 0: for `milliseconds`
  std::uint64_t milliseconds = 1000;
  std::uint64_t rate = 0;    // requests a second, begun when they are due (open loop); 0: as fast as answers come
  std::uint64_t sites = 0;   // Host: site0.example ... instead of localhost
  std::uint64_t routes = 0;  // and /route0/... under each
  std::string path = "/1024";
};

inline constexpr const char* usage_text =
    "load --port N [--tls] [--close] [--resume] [--tunnel] [--connections N] [--requests N | --milliseconds N] [--rate "
    "N]\n"
    "     [--path /OCTETS] [--sites N --routes N] [--origin N --absolute | --origin N --connect]\n";

inline Options parse_options(int argc, char** argv) {
  Options o;
  for (int i = 1; i < argc; ++i) {
    const std::string_view name = argv[i];
    if (name == "--tls")
      o.tls = true;
    else if (name == "--close")
      o.close = true;
    else if (name == "--tunnel")
      o.tunnel = true;
    else if (name == "--absolute")
      o.absolute = true;
    else if (name == "--connect")
      o.connect = true;
    else if (name == "--resume")
      o.resume = true;
    else if (i + 1 == argc)
      refuse("usage", usage_text);
    else if (name == "--path")
      o.path = argv[++i];
    else {
      const std::uint64_t value = number(argv[++i]);
      if (name == "--port")
        o.port = static_cast<std::uint16_t>(value);
      else if (name == "--origin")
        o.origin = static_cast<std::uint16_t>(value);
      else if (name == "--connections")
        o.connections = value;
      else if (name == "--requests")
        o.requests = value;
      else if (name == "--milliseconds")
        o.milliseconds = value;
      else if (name == "--rate")
        o.rate = value;
      else if (name == "--sites")
        o.sites = value;
      else if (name == "--routes")
        o.routes = value;
      else
        refuse("usage", usage_text);
    }
  }
  if (o.port == 0 || o.connections == 0 || (o.sites > 0) != (o.routes > 0)) refuse("usage", usage_text);
  if ((o.absolute || o.connect) != (o.origin > 0) || (o.absolute && o.connect)) refuse("usage", usage_text);
  return o;
}

// The requests that are sent, one after the other: one, or a walk over all sites and routes.
class Requests {
 public:
  explicit Requests(const Options& o) {
    const std::string authority = "127.0.0.1:" + std::to_string(o.origin);
    if (o.connect) opening_ = "CONNECT " + authority + " HTTP/1.1\r\nHost: " + authority + "\r\n\r\n";
    const std::uint64_t sites = o.sites == 0 ? 1 : o.sites, routes = o.sites == 0 ? 1 : o.routes;
    for (std::uint64_t route = 0; route < routes; ++route) {
      for (std::uint64_t site = 0; site < sites; ++site) {
        const std::string host = o.origin > 0   ? authority
                                 : o.sites == 0 ? "localhost"
                                                : "site" + std::to_string(site) + ".example";
        const std::string prefix =
            (o.absolute ? "http://" + authority : "") + (o.sites == 0 ? "" : "/route" + std::to_string(route));
        texts_.push_back(
            "GET " + prefix + o.path + " HTTP/1.1\r\nHost: " + host +
            "\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0\r\n"
            "Accept: text/html,application/xhtml+xml;q=0.9,*/*;q=0.8\r\nAccept-Language: en-GB,en;q=0.5\r\n" +
            (o.close ? "Connection: close\r\n" : "") + (o.tunnel ? websocket : "") + "\r\n");
      }
    }
  }
  std::string_view next() {
    const std::string& text = texts_[at_];
    if (++at_ == texts_.size()) at_ = 0;
    return text;
  }
  // What a fresh connection says first, and is answered with 200; empty: nothing.
  std::string_view opening() const { return opening_; }

 private:
  static constexpr const char* websocket =
      "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
  std::string opening_;
  std::vector<std::string> texts_;
  std::size_t at_ = 0;
};

}  // namespace bench
