// Lines are fields. Whatever they hold: afterwards there is one X-Forwarded-For, it ends with the peer, and from a
// stranger nothing else about the client is left.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "policy/forwarded.h"

namespace {

using namespace sp;

void read_fields(std::string_view text, http::Fields& fields) {
  while (!text.empty()) {
    std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    std::size_t colon = std::min(line.find(':'), line.size());
    std::string_view name = line.substr(0, colon);
    std::string_view value = http::trim(line.substr(std::min(colon + 1, line.size())));
    if (http::is_token(name) && http::is_field_value(value)) fields.add(name, value);
  }
}

bool speaks_of_client(std::string_view name) {
  std::string plain(name);
  for (char& c : plain) c = c == '_' ? '-' : static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
  return plain.starts_with("x-forwarded") || plain.starts_with("forwarded") || plain.starts_with("x-real-ip");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  static const policy::AddressSet trusted(std::vector<config::Network>{*config::parse_network("10.0.0.0/8")});
  Arena arena;
  http::Fields fields(arena);
  read_fields({reinterpret_cast<const char*>(data) + 1, size - 1}, fields);
  std::string_view peer = (data[0] & 1) != 0 ? "10.0.0.1" : "192.0.2.1";
  policy::Hop hop{.peer = *IpAddress::parse(peer), .peer_text = peer, .trusted = (data[0] & 1) != 0, .scheme = "https"};
  policy::ClientView view = policy::client_view(hop, fields, "lists.example.com", trusted, arena);
  if (!IpAddress::parse(view.address_text) || (!hop.trusted && view.address != hop.peer)) std::abort();
  policy::edit_forwarded(hop, view, fields, arena);
  const http::Field* list = fields.find(http::FieldId::x_forwarded_for);
  if (fields.count(http::FieldId::x_forwarded_for) != 1 || !list->value.ends_with(peer)) std::abort();
  std::size_t about_client = 0;
  for (const http::Field& field : fields) about_client += speaks_of_client(field.name) ? 1 : 0;
  if (!hop.trusted && (about_client != 4 || list->value != peer)) std::abort();
  return 0;
}
