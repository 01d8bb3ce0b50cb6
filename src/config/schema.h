// One typed schema: beside each struct of model.h stands a table of its keys (tables.h), and everything that must know
// the keys (parser, reference, JSON Schema, "did you mean") is a visitor of these tables. A new key is one line there.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "config/model.h"
#include "config/problem.h"

namespace sp::config {

// A key of a later version, and what there is instead; the latter may be empty.
struct LaterKey {
  std::string_view key;
  std::string_view instead;
};

// Specialised for each struct, with
//   name    of the section, as messages and the reference have it
//   doc     what the section is for
//   fields  std::tuple{field("key", &T::member, "What it means.", rules...), ...}
// and, where they apply,
//   shorthand  the key that a text in the place of the whole map stands for
//   later      keys that belong to a later version: recognised, and refused with a sentence
//   key_member the member that takes the key under which the struct stands in a map
template <class T>
struct Schema;

// Specialised for each enumeration, with
//   words  an array of {text, value}
//   shown  how many of the words people are told of; the others are accepted, in upper case too
//   later  words of a later version, where there are any
template <class E>
struct EnumWords;

template <class T>
concept HasSchema = requires { Schema<T>::fields; };
template <class T>
concept HasWords = requires { EnumWords<T>::words; };

template <class T, class Member, class... Rules>
struct Field {
  std::string_view key;
  Member T::* member;
  std::string_view doc;
  std::tuple<Rules...> rules;
};
template <class T, class Member, class... Rules>
constexpr auto field(std::string_view key, Member T::* member, std::string_view doc, Rules... rules) {
  return Field<T, Member, Rules...>{key, member, doc, {rules...}};
}

// ---- Rules: what a value must be, beyond its type ----

// The key must be there.
struct Required {};
// The key must be there, unless that other one is.
struct RequiredUnless {
  std::string_view other;
};
// A list must have an item.
struct NotEmpty {};
// A path, which starts at the folder of the file that names it.
struct FilePath {};
// A text that a test accepts. `what` says it for the reference.
struct Grammar {
  std::string_view what;
  TextTest test;
};
// The same for the keys of a map.
struct KeyGrammar {
  std::string_view what;
  TextTest test;
};
// A number, duration or size within bounds, both included.
template <class V>
struct Range {
  V min;
  V max;
};
template <class V>
constexpr Range<V> range(V min, V max) {
  return {min, max};
}
// One of a few numbers.
template <std::size_t N>
struct OneOf {
  std::array<std::uint64_t, N> numbers;
};
template <class... Numbers>
constexpr OneOf<sizeof...(Numbers)> one_of(Numbers... numbers) {
  return {{static_cast<std::uint64_t>(numbers)...}};
}
// A word that stands for a value ("auto" for 0).
template <class V>
struct Word {
  std::string_view word;
  V value;
};
template <class V>
constexpr Word<V> word(std::string_view text, V value) {
  return {text, value};
}

template <class Rule, class Tuple>
inline constexpr bool has_rule = false;
template <class Rule, class... Rules>
inline constexpr bool has_rule<Rule, std::tuple<Rules...>> = (std::is_same_v<Rule, Rules> || ...);

// ---- Shapes of members ----

template <class T>
struct Shape {
  static constexpr bool optional = false, list = false, map = false, fields = false;
};
template <class T>
struct Shape<std::optional<T>> : Shape<void> {
  using Element = T;
  static constexpr bool optional = true;
};
template <class T>
struct Shape<std::vector<T>> : Shape<void> {
  using Element = T;
  static constexpr bool list = true;
};
// A map whose order counts: the fields of FieldEdits.
template <class T>
struct Shape<std::vector<std::pair<std::string, T>>> : Shape<void> {
  using Element = T;
  static constexpr bool fields = true;
};
template <class T>
struct Shape<std::map<std::string, T>> : Shape<void> {
  using Element = T;
  static constexpr bool map = true;
};

// The keys of a section, for messages.
template <class T>
constexpr auto keys_of() {
  return std::apply([](const auto&... f) { return std::array<std::string_view, sizeof...(f)>{f.key...}; },
                    Schema<T>::fields);
}

template <class T>
constexpr std::span<const LaterKey> later_of() {
  if constexpr (requires { Schema<T>::later; })
    return Schema<T>::later;
  else
    return {};
}

}  // namespace sp::config
