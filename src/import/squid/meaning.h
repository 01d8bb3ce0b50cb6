// What an access list means in our words.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "import/squid/configuration.h"
#include "import/squid/sets.h"

namespace sp::import::squid {

struct Meaning {
  enum class About : std::uint8_t {
    everything,
    nothing,
    to,
    ports,
    from,
    who,
    methods,
    hours,
    connections,  // more than `most` of one address
    step,         // of ssl_bump
    unknown,
  };
  About about = About::unknown;
  std::vector<Destination> to;
  Ports ports;
  std::vector<config::Network> from;
  std::vector<std::string> who;  // empty: whoever is a user
  std::vector<std::string> methods;
  std::string hours;
  int most = 0;
  // Squid means more than this says.
  bool partial = false;
};

// Remarks upon what cannot be said, once for each list.
class Meanings {
 public:
  Meanings(const Configuration& configuration, Report& report) : configuration_(configuration), report_(report) {}
  // At this listener; `at` is where it is asked for.
  Meaning of(const std::string& name, const Listener& listener, const Origin& at);
  void remark_unused();

 private:
  Meaning of_list(const Acl& acl, const Listener& listener);
  Meaning clients(const Acl& acl);
  Meaning addresses(const Acl& acl);
  Meaning names(const Acl& acl);
  Meaning expressions(const Acl& acl);
  Meaning ports(const Acl& acl);
  Meaning methods(const Acl& acl);
  Meaning users(const Acl& acl);
  Meaning hours(const Acl& acl);
  Meaning connections(const Acl& acl);
  static Meaning own_port(const Acl& acl, const Listener& listener);
  Meaning unknown(const Acl& acl, const std::string& why);
  void lost(const Acl& acl, const std::string& why);
  template <class Read>
  void read_values(const Acl& acl, Meaning& meaning, const std::string& what, Read read);

  const Configuration& configuration_;
  Report& report_;
  std::set<std::string> used_;
};

}  // namespace sp::import::squid
