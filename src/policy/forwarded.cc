#include "policy/forwarded.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <optional>

#include "http/url.h"
#include "policy/forwarded_field.h"

namespace sp::policy {
namespace {

using http::FieldId;
using http::iequals;

// ---- reading

// The client's address as far as trusted peers vouch for it: from right to left over one list of addresses.
class Walk {
 public:
  Walk(const Hop& hop, const AddressSet& trusted) : client_(hop.peer), text_(hop.peer_text), trusted_(trusted) {}

  // Takes the next address to the left. False when the walk ends: a stranger, or nonsense.
  bool step(std::string_view node) {
    auto address = node_address(node);
    if (!address || --left_ == 0) return false;
    client_ = *address;
    text_ = {};
    return trusted_.contains(client_);
  }

  void finish(ClientView& view, Arena& arena) const {
    view.address = client_;
    view.address_text = text_;
    if (!text_.empty()) return;
    // Written anew, since the field may have it in any spelling.
    char* out = arena.chars(INET6_ADDRSTRLEN);
    inet_ntop(client_.v4 ? AF_INET : AF_INET6, client_.bytes.data(), out, INET6_ADDRSTRLEN);
    view.address_text = out;
  }

 private:
  int left_ = 64;  // longer chains do not exist
  IpAddress client_;
  std::string_view text_;
  const AddressSet& trusted_;
};

void walk_x_forwarded_for(const http::Fields& fields, Walk& walk) {
  for (std::size_t i = fields.size(); i-- > 0;) {
    const http::Field& field = fields.begin()[i];
    if (field.id != FieldId::x_forwarded_for) continue;
    for (ListFromEnd list(field.value); !list.done();) {
      if (!walk.step(list.next())) return;
    }
  }
}

// The last value of a list field, or empty.
std::string_view last_value(const http::Fields& fields, FieldId id) {
  if (!fields.has(id)) return {};
  for (std::size_t i = fields.size(); i-- > 0;) {
    if (fields.begin()[i].id == id) return ListFromEnd(fields.begin()[i].value).next();
  }
  return {};
}

// What the nearest trusted peer says about scheme, host and port.
struct Claims {
  std::string_view proto, host, port;
};

void read_forwarded(const http::Fields& fields, Walk& walk, Claims& claims) {
  bool nearest = true;
  for (std::size_t i = fields.size(); i-- > 0;) {
    const http::Field& field = fields.begin()[i];
    if (field.id != FieldId::forwarded) continue;
    for (ListFromEnd list(field.value); !list.done();) {
      ForwardedElement element = parse_forwarded_element(list.next());
      if (nearest) claims = {element.proto, element.host, {}};
      nearest = false;
      if (!walk.step(element.node)) return;
    }
  }
}

void believe_scheme(std::string_view proto, ClientView& view) {
  if (iequals(proto, "https") || iequals(proto, "wss")) view.scheme = "https";
  if (iequals(proto, "http") || iequals(proto, "ws")) view.scheme = "http";
}

void believe_host(std::string_view host, ClientView& view) {
  if (!host.empty() && http::split_authority(host)) view.authority = host;
}

std::uint16_t parse_port(std::string_view text) {
  std::uint16_t port = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc() && end == text.data() + text.size() ? port : std::uint16_t{0};
}

// The port of an authority that has been validated, or 0.
std::uint16_t port_of(std::string_view authority) {
  std::size_t colon = authority.rfind(':');
  bool none = colon == std::string_view::npos || authority.ends_with(']');
  return none ? std::uint16_t{0} : parse_port(authority.substr(colon + 1));
}

// A port beside a host that has none: "lists.example.com" and 8443. The other scheme's port is a mistake that proxies
// make who end TLS and report the port on which they were asked behind it.
void believe_port(std::string_view text, ClientView& view, Arena& arena) {
  std::uint16_t port = parse_port(text);
  auto authority = http::split_authority(view.authority);
  if (port == 0 || port == 80 || port == 443 || !authority || authority->port != 0) return;
  view.authority = arena.concat({view.authority, ":", text});
}

// ---- writing

constexpr std::array<std::string_view, 10> owned_names{
    "x-forwarded",      "forwarded",        "x-real-ip",           "x-client-ip",
    "client-ip",        "true-client-ip",   "x-cluster-client-ip", "x-original-forwarded",
    "cf-connecting-ip", "fastly-client-ip",
};

char plain(char c) { return c == '_' ? '-' : c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

// Whether a name is one of those, or one of a family (X-Forwarded-Anything), in any spelling.
bool speaks_of_client(std::string_view name) {
  char first = name.empty() ? '\0' : plain(name[0]);
  if (first != 'x' && first != 'f' && first != 'c' && first != 't') return false;
  return std::ranges::any_of(owned_names, [&](std::string_view owned) {
    return name.size() >= owned.size() &&
           std::equal(owned.begin(), owned.end(), name.begin(), [](char a, char b) { return a == plain(b); });
  });
}

// Fields without a number of their own that a server may take for one of ours.
void remove_aliases(const Hop& hop, http::Fields& fields) {
  fields.remove_if([&](const http::Field& field) {
    return field.id == FieldId::other && speaks_of_client(field.name) && (!hop.trusted || field.name.contains('_'));
  });
}

// All values of a list field and one more, as one value.
std::string_view extended(const http::Fields& fields, FieldId id, std::string_view last, Arena& arena) {
  std::size_t size = last.size();
  for (const http::Field& field : fields) size += field.id == id && !field.value.empty() ? field.value.size() + 2 : 0;
  char* out = arena.chars(size);
  char* at = out;
  for (const http::Field& field : fields) {
    if (field.id != id || field.value.empty()) continue;
    at = std::ranges::copy(field.value, at).out;
    at = std::ranges::copy(std::string_view(", "), at).out;
  }
  std::ranges::copy(last, at);
  return {out, size};
}

std::optional<IpAddress> last_x_forwarded_for(const http::Fields& fields) {
  return node_address(last_value(fields, FieldId::x_forwarded_for));
}

// Call it while X-Forwarded-For is still the peer's.
void edit_forwarded_field(const Hop& hop, http::Fields& fields, Arena& arena) {
  if (!fields.has(FieldId::forwarded)) return;
  ForwardedElement last = parse_forwarded_element(last_value(fields, FieldId::forwarded));
  bool agrees = !fields.has(FieldId::x_forwarded_for) || node_address(last.node) == last_x_forwarded_for(fields);
  if (!hop.trusted || !agrees) {
    fields.remove(FieldId::forwarded);
    return;
  }
  std::string_view open = hop.peer.v4 ? "for=" : "for=\"[";
  std::string_view close = hop.peer.v4 ? ";proto=" : "]\";proto=";
  std::string_view own = arena.concat({open, hop.peer_text, close, hop.scheme});
  fields.set(FieldId::forwarded, extended(fields, FieldId::forwarded, own, arena));
}

std::string_view port_text(std::uint16_t port, Arena& arena) {
  if (port == 443) return "443";
  if (port == 80) return "80";
  char* out = arena.chars(5);
  return {out, static_cast<std::size_t>(std::to_chars(out, out + 5, port).ptr - out)};
}

void put(http::Fields& fields, FieldId id, std::string_view value) {
  if (fields.has(id)) fields.remove(id);
  fields.add(id, value);
}

}  // namespace

ClientView client_view(const Hop& hop, const http::Fields& fields, std::string_view authority,
                       const AddressSet& trusted, Arena& arena) {
  ClientView view{.address = hop.peer, .address_text = hop.peer_text, .scheme = hop.scheme, .authority = authority};
  if (hop.trusted) {
    Walk walk(hop, trusted);
    Claims claims;
    bool by_forwarded = fields.has(FieldId::forwarded) && !fields.has(FieldId::x_forwarded_for);
    if (by_forwarded)
      read_forwarded(fields, walk, claims);
    else
      walk_x_forwarded_for(fields, walk);
    walk.finish(view, arena);
    auto or_else = [&](std::string_view claim, FieldId id) { return fields.has(id) ? last_value(fields, id) : claim; };
    believe_scheme(or_else(claims.proto, FieldId::x_forwarded_proto), view);
    believe_host(or_else(claims.host, FieldId::x_forwarded_host), view);
    believe_port(last_value(fields, FieldId::x_forwarded_port), view, arena);
  }
  std::uint16_t written = port_of(view.authority);
  view.port = written != 0 ? written : http::default_port(view.scheme);
  return view;
}

void edit_forwarded(const Hop& hop, const ClientView& client, http::Fields& fields, Arena& arena) {
  remove_aliases(hop, fields);
  edit_forwarded_field(hop, fields, arena);
  bool extend = hop.trusted && fields.has(FieldId::x_forwarded_for);
  put(fields, FieldId::x_forwarded_for,
      extend ? extended(fields, FieldId::x_forwarded_for, hop.peer_text, arena) : hop.peer_text);
  if (!client.authority.empty())
    put(fields, FieldId::x_forwarded_host, client.authority);
  else
    fields.remove(FieldId::x_forwarded_host);
  put(fields, FieldId::x_forwarded_proto, client.scheme);
  put(fields, FieldId::x_forwarded_port, port_text(client.port, arena));
  fields.remove(FieldId::x_forwarded_server);
  if (!hop.trusted) fields.remove(FieldId::x_real_ip);
  fields.remove(FieldId::proxy);
}

}  // namespace sp::policy
