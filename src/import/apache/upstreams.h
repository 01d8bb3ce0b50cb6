// Balancers as named upstreams.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "import/apache/report.h"
#include "import/apache/scope.h"
#include "import/draft.h"

namespace sp::import::apache {

// Nothing where no member can be translated.
std::optional<DraftUpstream> make_upstream(const Balancer& balancer, const std::string& name, Report& report);

// The upstreams that the routes need.
class Upstreams {
 public:
  // The name that the balancer has, or would get: that of its URL, with a number where another one has it already.
  std::string name_for(const Balancer& balancer, std::string_view url_name) const;
  void add(const Balancer& balancer, DraftUpstream upstream);
  std::vector<DraftUpstream> all() const;

 private:
  std::map<std::string, DraftUpstream> by_place_;  // where the <Proxy> section begins
};

}  // namespace sp::import::apache
