#include "codec/h1/connection_options.h"

#include <algorithm>

namespace sp::codec::h1 {
namespace {

using http::FieldId;

bool stays(std::string_view name) {
  switch (http::field_id(name)) {
    case FieldId::accept:
    case FieldId::referer:
    case FieldId::refresh:
    case FieldId::server:
    case FieldId::user_agent: return false;
    case FieldId::other: {
      const std::string_view prefix = "X-Forwarded-";
      return http::iequals(name.substr(0, prefix.size()), prefix);
    }
    // Every other name that the program knows is end-to-end, or is gone already.
    default: return true;
  }
}

}  // namespace

bool ConnectionOptions::add(std::string_view value) {
  // Nearly always this is the whole of it.
  if (http::iequals(value, "keep-alive")) return keep_alive_ = ++elements_ <= max_options;
  for (;;) {
    const std::size_t comma = std::min(value.find(','), value.size());
    if (++elements_ > max_options) return false;
    const std::string_view token = http::trim(value.substr(0, comma));
    if (!token.empty() && !add_token(token)) return false;
    if (comma == value.size()) return true;
    value.remove_prefix(comma + 1);
  }
}

bool ConnectionOptions::add_token(std::string_view token) {
  if (http::iequals(token, "keep-alive")) return keep_alive_ = true;
  if (http::iequals(token, "close")) return close_ = true;
  if (http::iequals(token, "upgrade")) return upgrade_ = true;
  names_[name_count_++] = {token.data(), token.size()};
  return http::is_token(token);
}

void ConnectionOptions::strip(http::Fields& fields) const {
  for (std::uint32_t i = 0; i < name_count_; ++i) {
    const std::string_view name(names_[i].data, names_[i].size);
    if (!stays(name)) fields.remove(name);
  }
}

}  // namespace sp::codec::h1
