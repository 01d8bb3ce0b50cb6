// What is remembered while a handshake runs, so that its failure can be explained.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "tls/diagnosis.h"

namespace sp::tls {

struct Opening {
  enum class Role : std::uint8_t { server, client };
  Role role = Role::server;
  std::string endpoint;              // client: which server is called, "10.0.0.7:443"
  std::string name;                  // client: what its certificate must be for; empty: any name
  std::string first_octets;          // of the peer, a few
  std::string received;              // server: what was read from the client before, and TLS is still to see
  std::optional<Diagnosis> verdict;  // on the peer's certificate, when it was refused

  void note(std::string_view octets) {
    constexpr std::size_t enough = 24;
    if (first_octets.size() < enough) first_octets += octets.substr(0, enough - first_octets.size());
  }
};

}  // namespace sp::tls
