#include "import/haproxy/condition.h"

#include <re2/re2.h>

#include <algorithm>

#include "import/apache/patterns.h"

namespace sp::import::haproxy {
namespace {

constexpr size_t most_alternatives = 64;  // of one condition, once it is multiplied out
constexpr const char* too_many = "the condition has too many alternatives";

std::string joined(std::span<const std::string> words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

// ---- and, or, not

All negated_all(std::span<const Test> tests) {
  All all;
  for (const Test& test : tests) all.push_back({test, true});
  return all;
}

// Null where it would be too many.
std::optional<std::vector<All>> times(const std::vector<All>& a, const std::vector<All>& b) {
  std::vector<All> result;
  for (const All& left : a) {
    for (const All& right : b) {
      if (result.size() >= most_alternatives) return std::nullopt;
      All both = left;
      both.insert(both.end(), right.begin(), right.end());
      result.push_back(std::move(both));
    }
  }
  return result;
}

std::optional<std::vector<All>> opposite(const std::vector<All>& any) {
  std::optional<std::vector<All>> result{{All{}}};
  for (const All& all : any) {
    std::vector<All> one_fails;
    for (const Literal& each : all) one_fails.push_back({{each.test, !each.negated}});
    result = times(*result, one_fails);
    if (!result) return std::nullopt;
  }
  return result;
}

class ConditionReader {
 public:
  ConditionReader(std::span<const std::string> words, const NamedTests& named, const config::FileSystem& disk)
      : words_(words), named_(named), disk_(disk) {}

  std::optional<std::vector<All>> run(std::string& why) {
    std::vector<All> result;
    std::vector<All> current{All{}};
    bool begun = false;
    while (at_ < words_.size()) {
      const std::string& word = words_[at_];
      if (word == "or" || word == "||") {
        ++at_;
        if (!begun) return failed(why, "a condition is missing beside `or`");
        result.insert(result.end(), current.begin(), current.end());
        current = {All{}};
        begun = false;
        continue;
      }
      auto term = read_term(why);
      if (!term) return std::nullopt;
      auto product = times(current, *term);
      if (!product) return failed(why, too_many);
      current = *std::move(product);
      begun = true;
    }
    if (!begun) return failed(why, "the condition is missing");
    result.insert(result.end(), current.begin(), current.end());
    return result;
  }

 private:
  static std::nullopt_t failed(std::string& why, std::string text) {
    why = std::move(text);
    return std::nullopt;
  }

  std::optional<std::vector<All>> read_term(std::string& why) {
    bool negated = false;
    std::string word = words_[at_];
    while (word.starts_with('!')) {
      negated = !negated;
      word.erase(0, 1);
      if (word.empty()) {
        if (++at_ >= words_.size()) return failed(why, "a condition is missing behind `!`");
        word = words_[at_];
      }
    }
    auto tests = word.starts_with('{') ? braces(word, why) : name(word, why);
    if (!tests) return std::nullopt;
    if (negated) return std::vector<All>{negated_all(*tests)};
    std::vector<All> any;
    for (const Test& test : *tests) any.push_back({{test, false}});
    return any;
  }

  std::optional<std::vector<Test>> braces(const std::string& opening, std::string& why) {
    const size_t start = ++at_;
    while (at_ < words_.size() && words_[at_] != "}") ++at_;
    if (at_ >= words_.size() || opening != "{") return failed(why, "`{` and `}` stand alone, between spaces");
    const auto inner = words_.subspan(start, at_ - start);
    ++at_;
    if (inner.empty()) return failed(why, "nothing stands between `{` and `}`");
    return std::vector<Test>{read_test(inner, disk_)};
  }

  std::optional<std::vector<Test>> name(const std::string& word, std::string& why) {
    ++at_;
    if (const auto found = named_.find(word); found != named_.end()) return found->second;
    if (word == "TRUE") return std::vector<Test>{Test{Fact::always, {}, word}};
    if (word == "FALSE") return std::vector<Test>{};
    if (word == "LOCALHOST") {
      return std::vector<Test>{Test{Fact::source, {{Form::exact, "127.0.0.0/8"}, {Form::exact, "::1"}}, word}};
    }
    if (word == "REQ_CONTENT" || word == "HTTP" || word == "WAIT_END")
      return std::vector<Test>{Test{Fact::always, {}, word}};
    if (word.starts_with("METH_") || word.starts_with("HTTP_")) return std::vector<Test>{Test{Fact::unknown, {}, word}};
    return failed(why, "there is no acl " + word);
  }

  std::span<const std::string> words_;
  const NamedTests& named_;
  const config::FileSystem& disk_;
  size_t at_ = 0;
};

}  // namespace

std::optional<Condition> read_condition(std::span<const std::string> words, const NamedTests& named,
                                        const config::FileSystem& disk, std::string& why) {
  Condition condition;
  if (words.empty()) return condition;
  condition.text = joined(words);
  const bool unless = words[0] == "unless";
  if (words[0] != "if" && !unless) {
    why = "`if` or `unless` is expected, not " + words[0];
    return std::nullopt;
  }
  auto any = ConditionReader(words.subspan(1), named, disk).run(why);
  if (!any) return std::nullopt;
  if (unless) any = opposite(*any);
  if (!any) {
    why = too_many;
    return std::nullopt;
  }
  condition.any = *std::move(any);
  return condition;
}

Truth covers_path(const Pattern& outer, const Pattern& inner) {
  if (outer == inner) return Truth::yes;
  if (outer.form == Form::regex) {
    if (inner.form == Form::exact)
      return RE2::PartialMatch(inner.text, RE2(outer.text, RE2::Quiet)) ? Truth::yes : Truth::no;
    return Truth::open;
  }
  if (inner.form == Form::regex) {
    if (outer.form == Form::exact) return Truth::no;
    if (outer.text == "/") return Truth::yes;
    const std::string begin = apache::literal_prefix(inner.text);
    if (begin.starts_with(outer.text)) return Truth::yes;
    return outer.text.starts_with(begin) ? Truth::open : Truth::no;
  }
  if (outer.form == Form::exact) return Truth::no;
  return inner.text.starts_with(outer.text) ? Truth::yes : Truth::no;
}

Truth covers_name(const Pattern& outer, const Pattern& inner) {
  if (outer.form == Form::any || outer == inner) return Truth::yes;
  if (outer.form != Form::below) return Truth::no;
  return inner.text.ends_with("." + outer.text) ? Truth::yes : Truth::no;
}

Truth judge(const Test& test, const Where& where) {
  const auto one_of = [&](const std::optional<Pattern>& known, auto covers) {
    if (!known) return Truth::no;
    Truth best = Truth::no;
    for (const Pattern& pattern : test.patterns) {
      const Truth truth = covers(pattern, *known);
      if (truth == Truth::yes) return truth;
      if (truth == Truth::open) best = truth;
    }
    return best;
  };
  const auto is = [&](std::string_view text) {
    return std::ranges::any_of(test.patterns, [&](const Pattern& p) { return p.text == text; }) ? Truth::yes
                                                                                                : Truth::no;
  };
  switch (test.fact) {
    case Fact::host: return one_of(where.host, covers_name);
    // Where two expressions overlap nobody knows: the one that the class is made of decides.
    case Fact::path: {
      const Truth truth = one_of(where.path, covers_path);
      if (truth != Truth::open) return truth;
      return where.overlapping ? Truth::yes : Truth::no;
    }
    case Fact::sni: return one_of(where.sni, covers_name);
    case Fact::alpn: return is(where.alpn);
    case Fact::port: return is(std::to_string(where.port));
    case Fact::tls: return where.tls ? Truth::yes : Truth::no;
    case Fact::hello:
    case Fact::always: return Truth::yes;
    default: return Truth::open;
  }
}

std::vector<All> left_of(const Condition& condition, const Where& where) {
  std::vector<All> result;
  for (const All& all : condition.any) {
    All left;
    bool fails = false;
    for (const Literal& each : all) {
      const Truth truth = judge(each.test, where);
      if (truth == Truth::open)
        left.push_back(each);
      else
        fails = fails || (truth == Truth::yes) == each.negated;
    }
    if (fails) continue;
    if (left.empty()) return {All{}};
    result.push_back(std::move(left));
  }
  return result;
}

bool holds(const std::vector<All>& left) {
  return std::ranges::any_of(left, [](const All& all) { return all.empty(); });
}

}  // namespace sp::import::haproxy
