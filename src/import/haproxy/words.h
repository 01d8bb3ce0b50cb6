// The lowest layer of HAProxy's syntax: the words of a line, with quotes, escapes, comments and variables.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/files.h"

namespace sp::import::haproxy {

// Variables of the environment, and those that the configuration sets itself (`setenv`).
class Variables {
 public:
  explicit Variables(const config::FileSystem& disk) : disk_(disk) {}
  void set(std::string name, std::string value) { own_[std::move(name)] = std::move(value); }
  void unset(const std::string& name) { own_[name] = std::nullopt; }
  bool has(const std::string& name) const { return find(name).has_value(); }
  std::optional<std::string> find(const std::string& name) const;

 private:
  const config::FileSystem& disk_;
  std::map<std::string, std::optional<std::string>> own_;
};

struct Line {
  std::vector<std::string> words;
  std::vector<std::string> missing;  // variables that are not set; they became nothing
  std::vector<std::string> used;     // variables whose values were put in
  bool open_quote = false;
};

Line split_line(std::string_view text, const Variables& variables);

}  // namespace sp::import::haproxy
