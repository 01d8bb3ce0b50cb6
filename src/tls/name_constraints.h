// Name constraints (RFC 5280 section 4.2.1.10): for which names an authority may sign.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/ip.h"
#include "config/network.h"
#include "tls/handles.h"

namespace sp::tls {

// What a new authority is bound to: these domains with everything below them, these networks, and nothing else.
struct Permitted {
  std::vector<std::string> domains;  // in lower case, without a dot at either end
  std::vector<config::Network> networks;

  bool empty() const { return domains.empty() && networks.empty(); }
};

// As a critical extension: who does not understand it refuses the authority. A kind of name of which nothing is
// permitted is excluded whole, since RFC 5280 binds only the kinds that are mentioned.
bool add_name_constraints(x509_st* certificate, const Permitted& permitted);

// What is read from an authority's certificate, its own or another's.
class NameConstraints {
 public:
  static NameConstraints of(const x509_st* certificate);
  // A DNS name in lower case, perhaps with a wildcard, or the text of an IP address.
  bool permit(std::string_view name) const;

 private:
  struct Names {
    std::vector<std::string> domains;  // ".example.com" is what is below it, "" is every name
    std::vector<config::Network> networks;
  };
  static void read(Names& names, const void* subtrees);

  Names permitted_, excluded_;
};

}  // namespace sp::tls
