#include "import/apache/patterns.h"

#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <cctype>

namespace sp::import::apache {
namespace {

constexpr std::string_view special = ".()[]{}*+?^$|\\";

// Takes literal characters off the front; one that a quantifier follows is not literal.
std::string take_literal(std::string_view& regex) {
  std::string literal;
  while (!regex.empty()) {
    const bool escaped =
        regex.size() > 1 && regex[0] == '\\' && std::isalnum(static_cast<unsigned char>(regex[1])) == 0;
    if (!escaped && special.contains(regex[0])) break;
    const size_t length = escaped ? 2 : 1;
    if (regex.size() > length && std::string_view("*+?{").contains(regex[length])) break;
    literal += regex[length - 1];
    regex.remove_prefix(length);
  }
  return literal;
}

struct Group {
  std::vector<std::string> alternatives;
  bool captures = true;
};

// "(a|b|c)" of literals, which nothing repeats. Takes it off the front.
std::optional<Group> take_group(std::string_view& regex) {
  if (!regex.starts_with('(')) return std::nullopt;
  std::string_view rest = regex.substr(1);
  Group group;
  if (rest.starts_with("?:")) {
    group.captures = false;
    rest.remove_prefix(2);
  }
  for (;;) {
    group.alternatives.push_back(take_literal(rest));
    if (group.alternatives.back().empty() || rest.empty()) return std::nullopt;
    const char end = rest.front();
    rest.remove_prefix(1);
    if (end == ')') break;
    if (end != '|') return std::nullopt;
  }
  if (!rest.empty() && std::string_view("*+?{").contains(rest.front())) return std::nullopt;
  if (group.alternatives.size() > 32) return std::nullopt;
  regex = rest;
  return group;
}

// What may follow the literal part.
struct Tail {
  std::string_view text;
  MatchForm form;
  bool captures_rest;
  std::string_view adds;  // to the literal part
};
constexpr Tail tails[] = {
    {"", MatchForm::prefix, false, ""},        {"$", MatchForm::exact, false, ""},
    {"/?$", MatchForm::exact, false, ""},      {".*", MatchForm::prefix, false, ""},
    {".*$", MatchForm::prefix, false, ""},     {"(.*)", MatchForm::prefix, true, ""},
    {"(.*)$", MatchForm::prefix, true, ""},    {"(.+)", MatchForm::prefix, true, ""},
    {"(.+)$", MatchForm::prefix, true, ""},    {"/?(.*)", MatchForm::prefix, true, "/"},
    {"/?(.*)$", MatchForm::prefix, true, "/"}, {"(/.*)?$", MatchForm::prefix, true, ""},
    {"(/.*)?", MatchForm::prefix, true, ""},   {"(/.*)$", MatchForm::prefix, true, ""},
    {"(/.*|$)", MatchForm::prefix, true, ""},  {"(|/.*)$", MatchForm::prefix, true, ""},
    {"(/|$)", MatchForm::prefix, false, ""},   {"(?:/|$)", MatchForm::prefix, false, ""},
    {"(/$|$)", MatchForm::exact, false, ""},   {"(?:/.*)?$", MatchForm::prefix, false, ""},
    {"/?.*", MatchForm::prefix, false, ""},    {"/?.*$", MatchForm::prefix, false, ""},
    {"/*$", MatchForm::exact, false, ""},      {"/?", MatchForm::prefix, false, ""},
};

const Tail* find_tail(std::string_view text) {
  const auto found = std::ranges::find(tails, text, &Tail::text);
  return found == std::end(tails) ? nullptr : &*found;
}

}  // namespace

std::vector<SimplePattern> simple_patterns(std::string_view regex) {
  const bool anchored = regex.starts_with('^');
  if (anchored) regex.remove_prefix(1);
  std::string first = take_literal(regex);
  std::optional<Group> group;
  std::string second;
  if (find_tail(regex) == nullptr) {
    group = take_group(regex);
    if (group) second = take_literal(regex);
  }
  const Tail* tail = find_tail(regex);
  // Without ^ it could match in the middle; only the shortest are meant for the whole path.
  const bool whole = first.empty() || first == "/";
  if (tail == nullptr || (!anchored && (!whole || group || tail->form == MatchForm::exact))) return {};
  if (!first.empty() && !first.starts_with('/')) return {};
  if (first.empty() && (group || (tail->form == MatchForm::exact && tail->text == "$"))) return {};

  std::vector<SimplePattern> result;
  for (const std::string& alternative : group ? group->alternatives : std::vector<std::string>{""}) {
    SimplePattern pattern{.form = tail->form, .path = first};
    pattern.path.append(alternative).append(second);
    const bool open_end = tail->text.empty() || tail->text == "(/.*)?" || tail->text.starts_with('.') ||
                          tail->text.starts_with("(.") || tail->text.starts_with("/?");
    pattern.whole_segments =
        tail->form == MatchForm::exact || !open_end || pattern.path.empty() || pattern.path.ends_with('/');
    pattern.path.append(tail->adds);
    if (tail->form == MatchForm::exact && pattern.path.empty()) pattern.path = "/";
    if (group && group->captures) pattern.groups.push_back(alternative);
    if (tail->captures_rest) pattern.rest_group = static_cast<int>(pattern.groups.size()) + 1;
    result.push_back(pattern);
    if (tail->text == "/?$" && pattern.path != "/") {
      pattern.path += '/';
      result.push_back(std::move(pattern));
    }
  }
  return result;
}

namespace {

bool ends_with_group(std::string_view target, int group) {
  return group > 0 &&
         (target.ends_with("$" + std::to_string(group)) || target.ends_with("${" + std::to_string(group) + "}"));
}

// The target for one simple pattern: what goes before the rest of the path, or the whole of it. Nothing where groups
// stand elsewhere.
struct SimpleTarget {
  std::string text;
  bool appends_rest = false;
};

std::optional<SimpleTarget> simple_target(std::string target, const SimplePattern& pattern) {
  SimpleTarget result;
  const std::string path = pattern.path.empty() ? "/" : pattern.path;
  for (const std::string_view whole : {"%{REQUEST_URI}", "$0", "$&"}) {
    if (!target.ends_with(whole)) continue;
    result.appends_rest = pattern.form == MatchForm::prefix;
    target.replace(target.size() - whole.size(), whole.size(), path);
  }
  if (!result.appends_rest && ends_with_group(target, pattern.rest_group)) {
    target.erase(target.rfind('$'));
    result.appends_rest = true;
    if (pattern.path.empty() && !target.ends_with('/')) target += '/';
  }
  for (size_t i = 0; i < pattern.groups.size(); ++i) {
    const std::string name = "$" + std::to_string(i + 1);
    for (size_t at = target.find(name); at != std::string::npos;
         at = target.find(name, at + pattern.groups[i].size())) {
      target.replace(at, name.size(), pattern.groups[i]);
    }
  }
  if (target.contains('$')) return std::nullopt;
  result.text = std::move(target);
  return result;
}

}  // namespace

std::vector<Rule> simplified(const Rule& rule) {
  if (rule.form != MatchForm::regex) return {rule};
  std::vector<Rule> result;
  for (const SimplePattern& pattern : simple_patterns(rule.pattern)) {
    const auto target = simple_target(rule.target, pattern);
    if (!target) return {rule};
    // A proxy that sends everything below a path to one URL is rare, and no prefix.
    const bool one_for_all = !target->appends_rest && pattern.form == MatchForm::prefix;
    if (rule.does == Rule::Does::proxy && one_for_all) return {rule};
    if (rule.does == Rule::Does::respond && !pattern.whole_segments) return {rule};  // refuses no less than before
    Rule simple = rule;
    simple.form = pattern.form;
    simple.pattern = pattern.path.empty() ? "/" : pattern.path;
    simple.target = target->text;
    simple.appends_rest = target->appends_rest;
    result.push_back(std::move(simple));
  }
  if (result.empty()) return {rule};
  return result;
}

namespace {

bool has_alternatives(std::string_view regex) {
  int depth = 0;
  bool in_class = false;
  for (size_t i = 0; i < regex.size(); ++i) {
    const char c = regex[i];
    if (c == '\\')
      ++i;
    else if (in_class)
      in_class = c != ']';
    else if (c == '[')
      in_class = true;
    else if (c == '(')
      ++depth;
    else if (c == ')')
      --depth;
    else if (c == '|' && depth <= 0)
      return true;
  }
  return false;
}

}  // namespace

std::string literal_prefix(std::string_view regex) {
  if (!regex.starts_with('^') || has_alternatives(regex)) return "/";
  regex.remove_prefix(1);
  const std::string literal = take_literal(regex);
  return literal.starts_with('/') ? literal : "/";
}

bool is_available(std::string_view regex) { return RE2(regex, RE2::Quiet).ok(); }

std::string escape_regex(std::string_view literal) {
  std::string result;
  for (const char c : literal) {
    if (special.contains(c)) result += '\\';
    result += c;
  }
  return result;
}

}  // namespace sp::import::apache
