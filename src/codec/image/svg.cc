#include "codec/image/svg.h"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "codec/image/svg_text.h"

namespace sp::codec::image {
namespace {

using Fault = std::optional<std::string_view>;

constexpr std::string_view svg_namespace = "http://www.w3.org/2000/svg";
constexpr std::size_t most_depth = 128;
// Each may draw what holds others: a few dozen of them can mean billions of shapes.
constexpr std::size_t most_uses = 32;

// Elements that draw, or say how. Not among them: script, foreignObject, a, image (but for data), feImage, audio...
constexpr std::array drawing = std::to_array<std::string_view>({
    "animate",
    "animateMotion",
    "animateTransform",
    "circle",
    "clipPath",
    "defs",
    "desc",
    "ellipse",
    "feBlend",
    "feColorMatrix",
    "feComponentTransfer",
    "feComposite",
    "feDiffuseLighting",
    "feDistantLight",
    "feDropShadow",
    "feFlood",
    "feFuncA",
    "feFuncB",
    "feFuncG",
    "feFuncR",
    "feGaussianBlur",
    "feMerge",
    "feMergeNode",
    "feMorphology",
    "feOffset",
    "fePointLight",
    "feSpecularLighting",
    "feSpotLight",
    "filter",
    "g",
    "image",
    "line",
    "linearGradient",
    "marker",
    "mask",
    "metadata",
    "mpath",
    "path",
    "pattern",
    "polygon",
    "polyline",
    "radialGradient",
    "rect",
    "stop",
    "style",
    "svg",
    "switch",
    "symbol",
    "text",
    "textPath",
    "title",
    "tspan",
    "use",
    "view",
});
static_assert(std::ranges::is_sorted(drawing));

// What drawing programs write about themselves and the author; browsers do not know it.
constexpr std::array notes =
    std::to_array<std::string_view>({"cc", "dc", "dcterms", "inkscape", "rdf", "serif", "sketch", "sodipodi"});

bool is_drawing(std::string_view name) { return std::ranges::binary_search(drawing, name); }

struct Name {
  std::string_view prefix, local;
};
Name split(std::string_view name) {
  const std::size_t colon = name.find(':');
  if (colon == std::string_view::npos) return {{}, name};
  return {name.substr(0, colon), name.substr(colon + 1)};
}

Fault element_fault(std::string_view name) {
  const Name parts = split(name);
  const bool known = parts.prefix.empty() ? is_drawing(name) : std::ranges::find(notes, parts.prefix) != notes.end();
  if (known) return std::nullopt;
  return "an element that is not one of those that draw";
}

// A prefix must not make an element of HTML, or another one of SVG, out of what looks like a note.
Fault namespace_fault(std::string_view name, std::string_view value) {
  if (name == "xmlns") return value == svg_namespace ? Fault{} : "another namespace than that of SVG";
  if (name == "xmlns:svg" && value == svg_namespace) return std::nullopt;  // no element is let through that has it
  const bool active = value == svg_namespace || value.contains("xhtml") || value.contains("MathML");
  return active ? Fault("a namespace that makes notes into more") : std::nullopt;
}

bool is_picture_as_data(std::string_view value) {
  constexpr std::array types = std::to_array<std::string_view>(
      {"data:image/png;base64,", "data:image/jpeg;base64,", "data:image/gif;base64,", "data:image/webp;base64,"});
  return std::ranges::any_of(types, [&](std::string_view type) { return value.starts_with(type); });
}

Fault reference_fault(std::string_view element, std::string_view value) {
  if (value.starts_with('#') || value.empty()) return std::nullopt;
  if (element == "image" && is_picture_as_data(value)) return std::nullopt;
  return "a reference to something outside";
}

Fault attribute_fault(std::string_view element, const Attribute& attribute) {
  const Name name = split(attribute.name);
  const std::string local = lower_case(name.local);
  if (attribute.name == "xmlns" || name.prefix == "xmlns") return namespace_fault(attribute.name, attribute.value);
  if (local.starts_with("on")) return "an attribute that is an event handler";
  if (local == "href") return reference_fault(element, attribute.value);
  if (local == "src" || (name.prefix == "xml" && local == "base")) return "a reference to something outside";
  if (local == "attributename" && lower_case(attribute.value).contains("href")) return "a reference that is animated";
  return style_fault(attribute.value);
}

class Reader {
 public:
  explicit Reader(ByteView text) : in_(text) {}

  Fault run() {
    in_.skip_declaration();
    while (!in_.empty()) {
      if (Fault fault = next()) return fault;
    }
    return open_.empty() && begun_ ? Fault{} : "an element that does not end";
  }

 private:
  Fault next() {
    // What stands on both sides of a comment is one text to a browser.
    if (in_style() && in_.at("<") && !in_.at("</")) return "a style that is more than text";
    if (in_.at("<!--")) return in_.skip_comment() ? Fault{} : "a comment that does not end";
    if (in_.at("<!")) return "a document type, an entity or a CDATA section";
    if (in_.at("<?")) return "an instruction to the program that reads it";
    if (in_.at("</")) return end_tag();
    if (in_.at("<")) return begin_tag();
    return text();
  }

  Fault text() {
    const std::string_view text = in_.take_text();
    if (open_.empty()) return is_blank(text) ? Fault{} : "text outside of its element";
    if (!references_are_plain(text)) return "an entity";
    if (!in_style()) return std::nullopt;
    return text.contains('&') ? Fault("a style with references") : style_fault(text);
  }

  Fault end_tag() {
    const auto name = in_.take_end_tag();
    if (!name || open_.empty() || open_.back() != *name) return "tags that do not match";
    open_.pop_back();
    return std::nullopt;
  }

  Fault begin_tag() {
    auto tag = in_.take_begin_tag();
    if (!tag) return "a malformed tag";
    if (open_.empty() && (begun_ || tag->name != "svg")) return "another element than one `svg` around all";
    begun_ = true;
    if (Fault fault = element_fault(tag->name)) return fault;
    for (const Attribute& attribute : tag->attributes) {
      if (Fault fault = attribute_fault(tag->name, attribute)) return fault;
    }
    if (tag->name == "use" && ++uses_ > most_uses) return "more uses of its parts than can be drawn";
    if (!tag->empty) open_.push_back(tag->name);
    return open_.size() > most_depth ? Fault("elements that are nested too deep") : std::nullopt;
  }

  bool in_style() const { return !open_.empty() && open_.back() == "style"; }

  XmlScanner in_;
  std::vector<std::string_view> open_;
  std::size_t uses_ = 0;
  bool begun_ = false;
};

}  // namespace

bool begins_like_svg(ByteView octets) {
  XmlScanner in(octets);
  in.skip_declaration();
  for (;;) {
    in.skip_blanks();
    if (!in.at("<!--")) break;
    if (!in.skip_comment()) return false;
  }
  // With a document type it is one, too, and then refused.
  return in.at("<svg") || in.at("<!DOCTYPE svg");
}

std::optional<std::string_view> svg_fault(ByteView octets) {
  if (!is_plain_utf8(octets)) return "octets that are not UTF-8";
  if (!declares_utf8(octets)) return "a declaration of another encoding";
  return Reader(octets).run();
}

}  // namespace sp::codec::image
