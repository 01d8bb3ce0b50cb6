// The notes about what was not translated word for word, and which directives were looked at: what neither has a note
// nor was used is reported at the end, so that nothing is dropped silently.
#pragma once

#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include "import/nginx/tree.h"

namespace sp::import::nginx {

class Report {
 public:
  void lost(const Directive& at, std::string why) { add(at, std::move(why), Fate::lost); }
  void changed(const Directive& at, std::string why) { add(at, std::move(why), Fate::changed); }
  void not_needed(const Directive& at, std::string why) { add(at, std::move(why), Fate::not_needed); }
  void add(const Directive& at, std::string why, Fate fate) {
    used(at);
    notes_.push_back({at.file, at.line, at.text(), std::move(why), fate});
  }
  void used(const Directive& directive) { used_.insert(&directive); }
  bool knows(const Directive& directive) const { return used_.contains(&directive); }
  std::vector<Untranslated>& notes() { return notes_; }

 private:
  std::vector<Untranslated> notes_;
  std::unordered_set<const Directive*> used_;  // of the tree, which outlives this
};

std::string brief(const Directive& directive);  // "front.conf:12"

// For all that nobody has used: what is known about it, or that it is unknown.
void report_rest(const Directive& context, Report& report);

}  // namespace sp::import::nginx
