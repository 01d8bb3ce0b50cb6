#include <nlohmann/json.hpp>

#include "config/describe.h"
#include "config/reference.h"

namespace sp::config {
namespace {

using Json = nlohmann::ordered_json;

Json ref(std::string_view name) { return {{"$ref", "#/$defs/" + std::string(name)}}; }

// In place of numbers and the like stands a text with ${env.NAME}, too.
Json or_environment(Json schema) { return {{"anyOf", Json::array({std::move(schema), ref("environment")})}}; }

Json pattern(std::string_view regex) { return {{"type", "string"}, {"pattern", regex}}; }

Json with_word(Json schema, std::string_view word) {
  if (word.empty()) return schema;
  // An editor that reads YAML 1.1 takes `off` for false.
  Json words = word == "off" ? Json::array({word, false}) : Json::array({word});
  return {{"anyOf", Json::array({std::move(schema), {{"enum", std::move(words)}}})}};
}

Json choice_schema(const TypeInfo& type) {
  Json words = Json::array();
  for (const std::string_view word : type.choices) words.push_back(word);
  for (const std::string_view word : type.also) words.push_back(word);
  if (!type.also.empty()) {
    words.push_back(true);
    words.push_back(false);
  }
  return {{"enum", std::move(words)}};
}

Json number_schema(const TypeInfo& type) {
  if (!type.numbers.empty()) return {{"enum", type.numbers}};
  return {{"type", "integer"}, {"minimum", type.min}, {"maximum", type.max}};
}

Json one_schema(const TypeInfo& type) {
  using Kind = TypeInfo::Kind;
  switch (type.kind) {
    case Kind::section: return ref(type.section);
    case Kind::choice: return or_environment(choice_schema(type));
    case Kind::number: return or_environment(with_word(number_schema(type), type.word));
    case Kind::duration: return or_environment(pattern("^[0-9]+(ms|s|m|h|d)$"));
    case Kind::size: {
      Json size = {{"anyOf", Json::array({pattern("^[0-9]+((Ki|Mi|Gi|Ti|K|k|M|G|T)?B)?$"),
                                          {{"type", "integer"}, {"minimum", 0}}})}};
      return or_environment(with_word(std::move(size), type.word));
    }
    case Kind::rate: return or_environment(pattern("^[0-9]+(Ki|Mi|Gi|Ti|K|k|M|G|T)?B/s$"));
    case Kind::count_rate: return or_environment(with_word(pattern("^[1-9][0-9]*/[smh]$"), type.word));
    case Kind::text: break;
  }
  return ref("text");
}

Json type_schema(const TypeInfo& type) {
  Json one = one_schema(type);
  if (type.many == TypeInfo::Many::map) return {{"type", "object"}, {"additionalProperties", std::move(one)}};
  if (type.many == TypeInfo::Many::one) return one;
  const SectionInfo* section = type.kind == TypeInfo::Kind::section ? find_section(type.section) : nullptr;
  Json list = {{"type", "array"}, {"items", one}};
  if (type.not_empty) list["minItems"] = 1;
  if (section != nullptr && section->shorthand.empty()) return list;
  Json single = section != nullptr ? ref("text") : std::move(one);
  return {{"anyOf", Json::array({std::move(list), std::move(single)})}};
}

Json section_schema(const SectionInfo& section) {
  Json properties = Json::object();
  Json required = Json::array();
  for (const KeyInfo& key : section.keys) {
    Json property = type_schema(key.type);
    property["description"] = key.doc;
    if (!key.default_text.empty()) property["default"] = key.default_text;
    properties[std::string(key.key)] = std::move(property);
    if (key.required) required.push_back(key.key);
  }
  Json schema = {{"type", "object"}, {"description", section.doc}, {"properties", std::move(properties)}};
  if (!required.empty()) schema["required"] = std::move(required);
  schema["additionalProperties"] = false;
  if (section.shorthand.empty()) return schema;
  return {{"anyOf", Json::array({std::move(schema), ref("text")})}};
}

}  // namespace

std::string json_schema() {
  const std::vector<SectionInfo>& sections = describe();
  Json root = {{"$schema", "https://json-schema.org/draft/2020-12/schema"}, {"title", "sallyport.yaml"}};
  root.update(section_schema(sections.front()));
  root["properties"]["include"] = {
      {"description", "Other files to add; patterns are allowed."},
      {"anyOf", Json::array({Json{{"type", "string"}}, Json{{"type", "array"}, {"items", {{"type", "string"}}}}})}};
  // Included files may bring what is required.
  root.erase("required");
  Json definitions = Json::object();
  definitions["environment"] = pattern("\\$\\{env\\.");
  Json file = {{"type", "object"},
               {"properties", {{"file", {{"type", "string"}}}}},
               {"required", Json::array({"file"})},
               {"additionalProperties", false}};
  definitions["text"] = {
      {"anyOf", Json::array({Json{{"type", Json::array({"string", "number", "boolean"})}}, std::move(file)})}};
  for (auto section = sections.begin() + 1; section != sections.end(); ++section) {
    definitions[std::string(section->name)] = section_schema(*section);
  }
  root["$defs"] = std::move(definitions);
  return root.dump(2) + "\n";
}

}  // namespace sp::config
