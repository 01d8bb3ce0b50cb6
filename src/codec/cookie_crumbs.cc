#include "codec/cookie_crumbs.h"

#include <algorithm>

namespace sp::codec {

using http::FieldId;

void join_cookies(http::Fields& fields) {
  std::size_t size = 0;
  for (const http::Field& field : fields) size += field.id == FieldId::cookie ? field.value.size() + 2 : 0;
  char* const begin = fields.arena().chars(size);
  char* at = begin;
  for (const http::Field& field : fields) {
    if (field.id != FieldId::cookie || field.value.empty()) continue;
    if (at != begin) at = std::ranges::copy(std::string_view("; "), at).out;
    at = std::ranges::copy(field.value, at).out;
  }
  fields.set(FieldId::cookie, {begin, static_cast<std::size_t>(at - begin)});
}

}  // namespace sp::codec
