// Named upstreams of http and stream.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "import/draft.h"
#include "import/nginx/scope.h"

namespace sp::import::nginx {

class Upstreams {
 public:
  explicit Upstreams(Report& report) : report_(report) {}

  // The block of a name in a context (http or stream), or null.
  static const Directive* find(const Directive& context, std::string_view name);
  // The upstream whose servers are spoken to by this scheme; null where none of its servers can be translated (that is
  // reported).
  DraftUpstream* use(const Directive& block, const std::string& scheme);
  std::vector<DraftUpstream> all() const;

 private:
  std::string name_for(std::string_view wanted);

  Report& report_;
  std::map<std::pair<const Directive*, std::string>, std::optional<DraftUpstream>> known_;
  std::set<std::string> names_;
};

}  // namespace sp::import::nginx
