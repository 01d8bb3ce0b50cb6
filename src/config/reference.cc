#include "config/reference.h"

#include <algorithm>

#include "config/describe.h"
#include "config/suggest.h"
#include "config/variables.h"

namespace sp::config {
namespace {

std::string code(std::string_view text) { return "`" + std::string(text) + "`"; }

// How Markdown names the place of a heading.
std::string anchor(std::string_view heading) {
  std::string result(heading);
  std::ranges::replace(result, ' ', '-');
  return result;
}

std::string link(std::string_view section) { return "[" + std::string(section) + "](#" + anchor(section) + ")"; }

std::string one_type(const TypeInfo& type) {
  using Kind = TypeInfo::Kind;
  switch (type.kind) {
    case Kind::section: return link(type.section);
    case Kind::choice: return listed(type.choices);
    case Kind::number: return "number";
    case Kind::duration: return "duration";
    case Kind::size: return "size";
    case Kind::rate: return "rate";
    case Kind::count_rate: return "rate of events";
    case Kind::text: break;
  }
  if (type.path) return "path of a file";
  return type.grammar.empty() ? "text" : std::string(type.grammar);
}

std::string numbers(const TypeInfo& type) {
  std::string all;
  for (const std::uint64_t number : type.numbers) all.append(all.empty() ? "" : ", ").append(std::to_string(number));
  return all;
}

std::string type_text(const TypeInfo& type) {
  std::string text = one_type(type);
  const bool section = type.kind == TypeInfo::Kind::section;
  if (type.many == TypeInfo::Many::list) text = (section ? "list of " : "list, each ") + text;
  if (type.many == TypeInfo::Many::map) text = "map of names to " + text;
  if (!type.numbers.empty())
    text.append(": ").append(numbers(type));
  else if (!type.bounds.empty())
    text.append(", ").append(type.bounds);
  if (!type.word.empty()) text.append(", or ").append(code(type.word));
  return text;
}

// A cell of a table ends at a '|'.
std::string cell(std::string text) {
  for (std::size_t at = text.find('|'); at != std::string::npos; at = text.find('|', at + 2)) text.insert(at, 1, '\\');
  return text;
}

// The keys under which a section is found: "`inbound` of configuration".
std::string users_of(std::string_view name) {
  std::string result;
  for (const SectionInfo& section : describe()) {
    for (const KeyInfo& key : section.keys) {
      if (key.type.section != name) continue;
      result.append(result.empty() ? "" : ", ").append(code(key.key)).append(" of ").append(link(section.name));
    }
  }
  return result;
}

std::string section_text(const SectionInfo& section) {
  std::string out = "## " + std::string(section.name) + "\n\n" + std::string(section.doc) + "\n\n";
  if (const std::string users = users_of(section.name); !users.empty())
    out.append("Stands as ").append(users).append(".\n\n");
  out.append("| key | value | default | meaning |\n|---|---|---|---|\n");
  for (const KeyInfo& key : section.keys) {
    const std::string initial = key.required ? "required" : (key.default_text.empty() ? "" : code(key.default_text));
    out.append("| ")
        .append(code(key.key))
        .append(" | ")
        .append(cell(type_text(key.type)))
        .append(" | ")
        .append(cell(initial));
    out.append(" | ").append(cell(std::string(key.doc))).append(" |\n");
  }
  return out.append("\n");
}

std::string variables_text() {
  std::string out =
      "## Variables\n\nValues of fields, redirects, responses and the path of `to` may hold these. `$${` is a literal "
      "`${`.\n\n";
  for (const std::string_view name : variable_names) out.append("* `${").append(name).append("}`\n");
  for (const std::string_view name : response_variable_names)
    out.append("* `${").append(name).append("}`, in `response_headers`\n");
  for (const std::string_view prefix : variable_prefixes) out.append("* `${").append(prefix).append("NAME}`\n");
  for (const std::string_view name : proxy_value_names)
    out.append("* `${").append(proxy_variable_prefix).append(name).append("}`\n");
  out.append("* `${")
      .append(proxy_variable_prefix)
      .append("0xNN}`, any other value of a header of the PROXY protocol, by its type\n");
  out.append("* `${")
      .append(regex_variable_prefix)
      .append("N}`, a group of the route's `regex`; 0 is the whole match\n");
  return out;
}

constexpr std::string_view introduction =
    "# Configuration reference\n\n"
    "The configuration is one YAML file, `sallyport.yaml`. `sallyport check` validates it.\n\n"
    "* A value may stand where a list is expected: `hosts: lists.example.com`.\n"
    "* Durations are `500ms`, `30s`, `5m`, `1h`, `2d`; sizes `512B`, `64KiB`, `10MiB`, `1GiB` (or `64KB`, `10MB`, "
    "`1GB` by powers "
    "of 1000); rates `100B/s`; rates of events `20/s`, `100/m`, `5/h`.\n"
    "* `${env.NAME}` is replaced by an environment variable when the file is read, `${env.NAME:-text}` with a "
    "default.\n"
    "* A text may be given as `{ file: PATH }`: the content of the file, without the line break at its end.\n"
    "* Paths that are relative start at the folder of the file that names them.\n"
    "* `include: conf.d/*.yaml` at the top level adds files: lists are joined, maps are merged, and any other key may "
    "be "
    "given once.\n\n";

}  // namespace

std::string reference() {
  std::string out(introduction);
  for (const SectionInfo& section : describe()) out += section_text(section);
  return out + variables_text();
}

}  // namespace sp::config
