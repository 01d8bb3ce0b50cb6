// Single values: text to the types of the model, and the rules that a table gives for them.
#pragma once

#include <algorithm>
#include <concepts>
#include <limits>
#include <optional>
#include <span>
#include <string>

#include "base/units.h"
#include "config/files.h"
#include "config/grammar_text.h"
#include "config/node.h"
#include "config/schema.h"
#include "config/section_keys.h"

namespace sp::config {

// What a type is called, and how it is written: for messages and for the reference.
struct TypeWords {
  std::string_view name;      // "a duration"
  std::string_view examples;  // "`500ms`, `30s`, `5m`, `1h` or `2d`"
};
template <class T>
inline constexpr TypeWords type_words{"text", ""};
template <>
inline constexpr TypeWords type_words<Duration>{"a duration", "`500ms`, `30s`, `5m`, `1h` or `2d`"};
template <>
inline constexpr TypeWords type_words<Bytes>{"a size", "`512B`, `64KiB`, `10MiB` or `1GiB`"};
template <>
inline constexpr TypeWords type_words<ByteRate>{"a rate", "`100B/s` or `1MiB/s`"};
template <>
inline constexpr TypeWords type_words<CountRate>{"a rate of events", "`20/s`, `100/m` or `5/h`"};
template <std::unsigned_integral T>
  requires(!std::same_as<T, bool>)
inline constexpr TypeWords type_words<T>{"a whole number", "digits only"};

// Null where the text is not of the type. Numbers that do not fit the type are none of it either.
std::optional<std::uint64_t> parse_number(std::string_view text);

// As the reference prints values, and messages the bounds.
std::string show(Duration value);
std::string show(Bytes value);
std::string show(ByteRate value);
std::string show(const CountRate& value);
std::string show(std::uint64_t value);

class ScalarReader final {
 public:
  ScalarReader(const FileSystem& files, Report& report) : files_(&files), report_(&report) {}

  template <class T, class Rules>
  void read(const Node& node, const Spot& spot, T& out, const Rules& rules) {
    if constexpr (HasWords<T>) {
      choice(node, spot, out);
    } else if constexpr (std::is_same_v<T, std::string> || std::is_same_v<T, Text>) {
      text(node, spot, out, rules);
    } else {
      measure(node, spot, out, rules);
    }
  }

  // Applies the rule for the keys of a map, where there is one.
  template <class... Rules>
  void check_key(const NodeEntry& entry, const std::tuple<Rules...>& rules) {
    const auto apply = [&](const auto& rule) {
      if constexpr (std::is_same_v<std::remove_cvref_t<decltype(rule)>, KeyGrammar>)
        check_text(entry.at, entry.key, rule.test);
    };
    std::apply([&](const auto&... rule) { (apply(rule), ...); }, rules);
  }

 private:
  template <class T, class Rules>
  void text(const Node& node, const Spot& spot, T& out, const Rules& rules) {
    // Even where the value is wrong, the key is there: see given().
    if constexpr (std::is_same_v<T, Text>) out.place = node.at.place();
    std::optional<Text> found = fetch_text(node, spot);
    if (!found) return;
    const auto apply = [&](const auto& rule) {
      using Rule = std::remove_cvref_t<decltype(rule)>;
      if constexpr (std::is_same_v<Rule, Grammar>) check_text(node, *found, rule.test);
      if constexpr (std::is_same_v<Rule, FilePath>) resolve_path(node, spot, *found);
    };
    std::apply([&](const auto&... rule) { (apply(rule), ...); }, rules);
    if constexpr (std::is_same_v<T, Text>)
      out = *std::move(found);
    else
      out = std::move(found->value);
  }

  // Numbers, durations, sizes and rates.
  template <class T, class Rules>
  void measure(const Node& node, const Spot& spot, T& out, const Rules& rules) {
    if (!is_plain_text(node, spot, type_words<T>.name)) return;
    bool done = false;
    std::string words;
    const auto try_word = [&](const auto& rule) {
      if constexpr (requires {
                      out = rule.value;
                      rule.word;
                    }) {
        words.append(", or `").append(rule.word).append("`");
        if (node.text != rule.word) return;
        out = rule.value;
        done = true;
      }
    };
    std::apply([&](const auto&... rule) { (try_word(rule), ...); }, rules);
    if (done) return;
    const std::optional<T> value = parse<T>(node.text);
    if (!value) return report_type(node, spot, type_words<T>, words);
    out = *value;
    std::apply([&](const auto&... rule) { (check_bounds(node, spot, *value, rule), ...); }, rules);
  }

  template <class T, class Rule>
  void check_bounds(const Node& node, const Spot& spot, const T& value, const Rule& rule) {
    if constexpr (requires { value < rule.min; }) {
      if (value < rule.min || rule.max < value) report_bounds(node, spot, show(rule.min) + " to " + show(rule.max));
    } else if constexpr (requires { rule.numbers; }) {
      if (std::ranges::find(rule.numbers, value) != rule.numbers.end()) return;
      std::string all;
      for (const auto number : rule.numbers) all.append(all.empty() ? "" : ", ").append(show(number));
      report_bounds(node, spot, "one of " + all);
    }
  }

  template <class T>
  void choice(const Node& node, const Spot& spot, T& out) {
    if constexpr (requires { EnumWords<T>::later; }) {
      if (is_later_word(node, spot, EnumWords<T>::later)) return;
    }
    if (!is_plain_text(node, spot, "a word")) return;
    std::array<std::string_view, EnumWords<T>::words.size()> words;
    std::size_t shown = words.size();
    std::string word = node.text;
    if constexpr (requires { EnumWords<T>::shown; }) {
      shown = EnumWords<T>::shown;
      word = lower(word);
    }
    for (std::size_t i = 0; i < words.size(); ++i) {
      words[i] = EnumWords<T>::words[i].first;
      if (words[i] == word) out = EnumWords<T>::words[i].second;
    }
    if (std::ranges::find(words, word) == words.end()) report_choice(node, spot, std::span(words).first(shown));
  }

  template <class T>
  static std::optional<T> parse(std::string_view text) {
    if constexpr (std::is_same_v<T, Duration>) {
      return parse_duration(text);
    } else if constexpr (std::is_same_v<T, Bytes>) {
      return parse_size(text);
    } else if constexpr (std::is_same_v<T, ByteRate>) {
      const auto rate = parse_byte_rate(text);
      return rate ? std::optional(ByteRate{*rate}) : std::nullopt;
    } else if constexpr (std::is_same_v<T, CountRate>) {
      return parse_count_rate(text);
    } else {
      const auto number = parse_number(text);
      if (!number || *number > std::numeric_limits<T>::max()) return std::nullopt;
      return static_cast<T>(*number);
    }
  }

  // The text of a scalar, or of the file of `{ file: PATH }`; null once something was reported.
  std::optional<Text> fetch_text(const Node& node, const Spot& spot);
  bool is_plain_text(const Node& node, const Spot& spot, std::string_view wanted);
  void check_text(const Position& at, std::string_view text, TextTest test);
  void check_text(const Node& node, const Text& text, TextTest test);
  void resolve_path(const Node& node, const Spot& spot, Text& path);
  bool is_later_word(const Node& node, const Spot& spot, std::span<const std::string_view> later);
  void report_type(const Node& node, const Spot& spot, const TypeWords& type, const std::string& words);
  void report_bounds(const Node& node, const Spot& spot, const std::string& bounds);
  void report_choice(const Node& node, const Spot& spot, std::span<const std::string_view> words);

  const FileSystem* files_;
  Report* report_;
};

}  // namespace sp::config
