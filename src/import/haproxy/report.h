// The remarks about what was not translated word for word, and the place of each directive.
#pragma once

#include <algorithm>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "import/draft.h"
#include "import/import.h"

namespace sp::import::haproxy {

struct Origin {
  std::string file;
  int line = 0;
  std::string text;  // the directive on one line
  bool operator==(const Origin&) const = default;
};

class Report {
 public:
  void lost(const Origin& at, std::string why) { add(at, std::move(why), Fate::lost); }
  void changed(const Origin& at, std::string why) { add(at, std::move(why), Fate::changed); }
  void not_needed(const Origin& at, std::string why) { add(at, std::move(why), Fate::not_needed); }
  void add(const Origin& at, std::string why, Fate fate) {
    notes_.push_back({at.file, at.line, at.text, std::move(why), fate});
  }
  bool knows(const Origin& at) const {
    return std::ranges::any_of(notes_, [&](const Untranslated& n) { return n.file == at.file && n.line == at.line; });
  }
  // In the order of the files, each once: what comes from `defaults` is met again in every section.
  std::vector<Untranslated> sorted() const;

 private:
  std::vector<Untranslated> notes_;
};

// The comments at the top of the result.
Comments describe(std::span<const std::string> files, const std::vector<Untranslated>& notes,
                  const std::vector<config::Finding>& errors, const Draft& draft);

}  // namespace sp::import::haproxy
