#include "codec/h1/trailers.h"

#include "codec/h1/field_section.h"
#include "codec/trailer_names.h"

namespace sp::codec::h1 {

const char* parse_trailers(ByteView section, HeadLines& lines, Underscores underscores, http::Fields* fields) {
  while (const Line* line = lines.next()) {
    http::Field field;
    if (parse_field_line(section, *line, field) != Code::ok) return "trailers: not a field";
    if (underscores == Underscores::drop && field.name.contains('_')) continue;
    if (!allowed_in_trailer(field.name)) return "trailers: a field that is not allowed there";
    if (fields == nullptr) continue;
    Arena& arena = fields->arena();
    fields->add({arena.copy(field.name), arena.copy(field.value), field.id});
  }
  return nullptr;
}

}  // namespace sp::codec::h1
