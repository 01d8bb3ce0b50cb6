// What Apache decides when it starts: ${VARIABLES}, and the sections IfDefine, IfModule, IfVersion, IfFile.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "import/apache/tree.h"

namespace sp::import::apache {

class Definitions {
 public:
  Definitions();  // knows what Debian's envvars file sets
  void define(const std::string& name, const std::string& value) { values_[name] = value; }
  void undefine(const std::string& name) { values_.erase(name); }
  bool defined(const std::string& name) const { return values_.contains(name); }
  // ${NAME} replaced where NAME is defined, left alone elsewhere. Replaced text is not looked at again.
  std::string substitute(std::string_view text) const;

 private:
  std::map<std::string, std::string> values_;
};

struct Condition {
  bool holds = false;
  std::string note;  // where the answer is an assumption that may matter
};

bool is_condition(const Directive& section);
Condition decide(const Directive& section, const Definitions& definitions, const config::FileSystem& disk);

}  // namespace sp::import::apache
