// The notes about what was not translated word for word. Each says the directive, its place, and why.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "import/apache/scope.h"

namespace sp::import::apache {

// Reasons that the summary at the top of the result knows: of a condition, whose rule is reported; of parameters of a
// directive that was translated.
constexpr const char* see_rule = "see the rule below it";
constexpr const char* unused_parameters = "these parameters are not needed: ";

class Report {
 public:
  void lost(const Origin& at, std::string why) { add(at, std::move(why), Fate::lost); }
  void changed(const Origin& at, std::string why) { add(at, std::move(why), Fate::changed); }
  void not_needed(const Origin& at, std::string why) { add(at, std::move(why), Fate::not_needed); }
  void add(const Origin& at, std::string why, Fate fate) {
    notes_.push_back({at.file, at.line, at.text, std::move(why), fate});
  }
  std::vector<Untranslated>& notes() { return notes_; }

 private:
  std::vector<Untranslated> notes_;
};

}  // namespace sp::import::apache
