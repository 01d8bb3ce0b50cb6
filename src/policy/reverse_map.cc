#include "policy/reverse_map.h"

#include <algorithm>
#include <optional>

#include "policy/reverse_path.h"

namespace sp::policy {
namespace {

using http::iequals;

// An absolute or scheme-relative URL, as views.
struct Parts {
  std::string_view scheme;  // empty: scheme-relative
  http::Authority authority;
  std::string_view path;  // up to the query: may be empty
  std::string_view rest;  // query and fragment
};

std::string_view take_path(std::string_view& text) {
  std::string_view path = text.substr(0, text.find_first_of("?#"));
  text.remove_prefix(path.size());
  return path;
}

std::optional<Parts> split(std::string_view url) {
  Parts parts;
  if (!url.starts_with("//")) {
    std::size_t colon = url.find("://");
    if (colon == std::string_view::npos) return std::nullopt;
    parts.scheme = url.substr(0, colon);
    if (!iequals(parts.scheme, "http") && !iequals(parts.scheme, "https")) return std::nullopt;
    url.remove_prefix(colon + 1);
  }
  url.remove_prefix(2);
  std::size_t end = std::min(url.find_first_of("/?#"), url.size());
  auto authority = http::split_authority(url.substr(0, end));
  if (!authority) return std::nullopt;
  parts.authority = *authority;
  parts.rest = url.substr(end);
  parts.path = take_path(parts.rest);
  return parts;
}

std::uint16_t port_of(const http::Authority& authority, std::string_view scheme) {
  return authority.port != 0 ? authority.port : iequals(scheme, "https") ? std::uint16_t{443} : std::uint16_t{80};
}

std::string_view assembled(const Parts& parts, std::string_view scheme, std::string_view authority,
                           std::string_view path, Arena& arena) {
  if (parts.scheme.empty()) return arena.concat({"//", authority, path, parts.rest});
  return arena.concat({scheme, "://", authority, path, parts.rest});
}

// One absolute URL and the exchange, seen together.
class AbsoluteUrl {
 public:
  AbsoluteUrl(std::string_view text, const Parts& parts, const ReverseContext& context, Arena& arena)
      : text_(text), parts_(parts), context_(context), arena_(arena) {
    bool relative = parts.scheme.empty();
    scheme_ = relative ? context.public_scheme : parts.scheme;
    port_ = port_of(parts.authority, scheme_);
    if (auto authority = http::split_authority(context.public_authority)) {
      public_host_ = authority->host;
      public_port_ = port_of(*authority, context.public_scheme);
    }
  }

  std::string_view mapped() {
    bool public_name = !public_host_.empty() && iequals(parts_.authority.host, public_host_);
    if (public_name && port_ == public_port_) return public_url();
    if (auto group = own_group()) {
      return assembled(parts_, context_.public_scheme, context_.public_authority,
                       map_own_path(*group, parts_.path, context_, arena_), arena_);
    }
    bool servers_port = port_ == context_.server->url.effective_port();
    bool no_port = parts_.authority.port == 0;
    return public_name && (servers_port || no_port) ? public_url() : text_;
  }

 private:
  std::optional<ReverseTable::Group> own_group() const {
    bool scheme_port = port_ == (iequals(scheme_, "https") ? 443 : 80);
    return context_.route->site->reverse->group(parts_.authority.host, scheme_port ? std::uint16_t{0} : port_);
  }

  std::string_view public_url() {
    std::string_view path = map_either_path(parts_.path, context_, arena_);
    bool same_path = path.data() == parts_.path.data();
    bool raise = iequals(scheme_, "http") && context_.public_scheme == "https" && context_.server->url.scheme == "http";
    bool our_scheme = raise || iequals(scheme_, context_.public_scheme);
    bool our_port = port_ == public_port_ || port_ == context_.server->url.effective_port() || raise;
    if (our_scheme && our_port && (raise || port_ != public_port_)) {
      return assembled(parts_, context_.public_scheme, context_.public_authority, path, arena_);
    }
    return same_path ? text_ : with_path(path);
  }

  // The URL as it is, but for its path.
  std::string_view with_path(std::string_view path) {
    auto before = static_cast<std::size_t>(parts_.path.data() - text_.data());
    return arena_.concat({text_.substr(0, before), path, parts_.rest});
  }

  std::string_view text_;
  const Parts& parts_;
  const ReverseContext& context_;
  Arena& arena_;
  std::string_view scheme_;
  std::uint16_t port_ = 0;
  std::string_view public_host_;
  std::uint16_t public_port_ = 0;
};

std::string_view map_path_only(std::string_view url, const ReverseContext& context, Arena& arena) {
  std::string_view rest = url;
  std::string_view path = take_path(rest);
  std::string_view mapped = map_either_path(path, context, arena);
  return mapped.data() == path.data() && mapped.size() == path.size() ? url : arena.concat({mapped, rest});
}

}  // namespace

std::string_view map_location(std::string_view url, const ReverseContext& context, Arena& arena) {
  if (url.starts_with('/') && !url.starts_with("//")) return map_path_only(url, context, arena);
  auto parts = split(url);
  return parts ? AbsoluteUrl(url, *parts, context, arena).mapped() : url;
}

std::string_view map_refresh(std::string_view value, const ReverseContext& context, Arena& arena) {
  // 5; url=/x   5;URL='http://...'   0, url = "x"
  std::size_t at = value.find_first_of(";,");
  if (at == std::string_view::npos) return value;
  at = value.find_first_not_of(" \t;,", at);
  if (at == std::string_view::npos || !iequals(value.substr(at, 3), "url")) return value;
  at = value.find_first_not_of(" \t", at + 3);
  if (at == std::string_view::npos || value[at] != '=') return value;
  at = value.find_first_not_of(" \t", at + 1);
  if (at == std::string_view::npos) return value;
  std::size_t end = value.size();
  if (char quote = value[at]; quote == '"' || quote == '\'') end = std::min(value.find(quote, ++at), value.size());
  std::string_view url = value.substr(at, end - at);
  std::string_view mapped = map_location(url, context, arena);
  if (mapped.data() == url.data()) return value;
  return arena.concat({value.substr(0, at), mapped, value.substr(end)});
}

void map_response_fields(http::Fields& fields, const ReverseContext& context, Arena& arena) {
  using http::FieldId;
  bool any = fields.has(FieldId::location) || fields.has(FieldId::content_location) || fields.has(FieldId::refresh) ||
             fields.has(FieldId::set_cookie);
  if (!any) return;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const http::Field& field = fields.begin()[i];
    switch (field.id) {
      case FieldId::location:
      case FieldId::content_location: fields.replace_value(i, map_location(field.value, context, arena)); break;
      case FieldId::refresh: fields.replace_value(i, map_refresh(field.value, context, arena)); break;
      case FieldId::set_cookie: fields.replace_value(i, map_set_cookie(field.value, context, arena)); break;
      default: break;
    }
  }
}

}  // namespace sp::policy
