#include "config/describe.h"

#include <algorithm>

#include "config/scalar_reader.h"
#include "config/tables.h"

namespace sp::config {
namespace {

template <class T>
constexpr TypeInfo::Kind kind_of() {
  using Kind = TypeInfo::Kind;
  if constexpr (HasSchema<T>)
    return Kind::section;
  else if constexpr (HasWords<T>)
    return Kind::choice;
  else if constexpr (std::is_same_v<T, Duration>)
    return Kind::duration;
  else if constexpr (std::is_same_v<T, Bytes>)
    return Kind::size;
  else if constexpr (std::is_same_v<T, ByteRate>)
    return Kind::rate;
  else if constexpr (std::is_same_v<T, CountRate>)
    return Kind::count_rate;
  else if constexpr (std::is_unsigned_v<T>)
    return Kind::number;
  else
    return Kind::text;
}

template <class Rule>
void add_rule(TypeInfo& type, const Rule& rule) {
  if constexpr (std::is_same_v<Rule, Grammar>) type.grammar = rule.what;
  if constexpr (std::is_same_v<Rule, NotEmpty>) type.not_empty = true;
  if constexpr (std::is_same_v<Rule, FilePath>) type.path = true;
  if constexpr (requires { rule.word; }) type.word = rule.word;
  if constexpr (requires { rule.min; }) {
    type.bounds = show(rule.min) + " to " + show(rule.max);
    if constexpr (std::is_unsigned_v<decltype(rule.min)>) {
      type.min = rule.min;
      type.max = rule.max;
    }
  }
  if constexpr (requires { rule.numbers; }) type.numbers.assign(rule.numbers.begin(), rule.numbers.end());
}

template <class T>
TypeInfo type_of() {
  if constexpr (Shape<T>::optional) {
    return type_of<typename Shape<T>::Element>();
  } else if constexpr (Shape<T>::list || Shape<T>::map || Shape<T>::fields) {
    TypeInfo type = type_of<typename Shape<T>::Element>();
    type.many = Shape<T>::list ? TypeInfo::Many::list : TypeInfo::Many::map;
    return type;
  } else {
    TypeInfo type;
    type.kind = kind_of<T>();
    if constexpr (HasSchema<T>) type.section = Schema<T>::name;
    if constexpr (std::unsigned_integral<T> && !HasWords<T>) type.max = std::numeric_limits<T>::max();
    if constexpr (HasWords<T>) {
      std::size_t shown = EnumWords<T>::words.size();
      if constexpr (requires { EnumWords<T>::shown; }) shown = EnumWords<T>::shown;
      for (const auto& [text, value] : EnumWords<T>::words)
        (type.choices.size() < shown ? type.choices : type.also).push_back(text);
    }
    return type;
  }
}

template <class T>
std::string default_text(const T& value, const TypeInfo& type) {
  if constexpr (Shape<T>::optional || HasSchema<T> || Shape<T>::map || Shape<T>::fields) {
    return {};
  } else if constexpr (Shape<T>::list) {
    std::string all;
    if constexpr (!HasSchema<typename Shape<T>::Element>) {
      for (const auto& item : value) all.append(all.empty() ? "" : ", ").append(default_text(item, type));
    }
    return all;
  } else if constexpr (HasWords<T>) {
    const auto found = std::ranges::find(EnumWords<T>::words, value, [](const auto& pair) { return pair.second; });
    return found->first;
  } else if constexpr (std::is_same_v<T, Text>) {
    return value.value;
  } else if constexpr (std::is_same_v<T, std::string>) {
    return value;
  } else {
    // 0 is outside of the bounds where nothing is a default.
    if constexpr (std::unsigned_integral<T>) {
      if (value == 0 && type.min > 0) return {};
    }
    return show(value);
  }
}

// "auto", where that stands for the default.
template <class T, class Rule>
void say_by_word(std::string& text, const T& value, const Rule& rule) {
  if constexpr (requires { rule.word, value == rule.value; }) {
    if (value == rule.value) text = rule.word;
  }
}

template <class T>
void add_section(std::vector<SectionInfo>& sections);

// The struct of a member, whatever holds it; void for what is not a section.
template <class T>
struct SectionWithin {
  using type = std::conditional_t<HasSchema<T>, T, void>;
};
template <class T>
  requires(Shape<T>::optional || Shape<T>::list || Shape<T>::map || Shape<T>::fields)
struct SectionWithin<T> : SectionWithin<typename Shape<T>::Element> {};

template <class T, class Member, class... Rules>
KeyInfo key_of(const T& defaults, const Field<T, Member, Rules...>& field) {
  KeyInfo key;
  key.key = field.key;
  key.doc = field.doc;
  key.type = type_of<Member>();
  std::apply([&](const auto&... rule) { (add_rule(key.type, rule), ...); }, field.rules);
  key.required = has_rule<Required, std::tuple<Rules...>>;
  if (!key.required) {
    const Member& value = defaults.*(field.member);
    key.default_text = default_text(value, key.type);
    std::apply([&](const auto&... rule) { (say_by_word(key.default_text, value, rule), ...); }, field.rules);
  }
  return key;
}

template <class T>
void add_section(std::vector<SectionInfo>& sections) {
  if (std::ranges::find(sections, Schema<T>::name, &SectionInfo::name) != sections.end()) return;
  SectionInfo section{Schema<T>::name, Schema<T>::doc, {}, {}};
  if constexpr (requires { Schema<T>::shorthand; }) section.shorthand = Schema<T>::shorthand;
  const T defaults{};
  std::apply([&](const auto&... field) { (section.keys.push_back(key_of(defaults, field)), ...); }, Schema<T>::fields);
  sections.push_back(std::move(section));
  const auto add_within = [&]<class Member, class... Rules>(const Field<T, Member, Rules...>&) {
    using Within = typename SectionWithin<Member>::type;
    if constexpr (!std::is_void_v<Within>) add_section<Within>(sections);
  };
  std::apply([&](const auto&... field) { (add_within(field), ...); }, Schema<T>::fields);
}

}  // namespace

const std::vector<SectionInfo>& describe() {
  static const std::vector<SectionInfo> sections = [] {
    std::vector<SectionInfo> all;
    add_section<Config>(all);
    return all;
  }();
  return sections;
}

const SectionInfo* find_section(std::string_view name) {
  const auto& sections = describe();
  const auto found = std::ranges::find(sections, name, &SectionInfo::name);
  return found == sections.end() ? nullptr : &*found;
}

}  // namespace sp::config
