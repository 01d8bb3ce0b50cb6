#include "codec/h1/framing.h"

#include <array>

#include "codec/content_length.h"
#include "http/fields.h"

namespace sp::codec::h1 {
namespace {

// Known codings and then a final chunked: readable without doubt, and not spoken here.
bool known_codings_then_chunked(std::string_view list) {
  constexpr std::array<std::string_view, 5> known{"gzip", "x-gzip", "deflate", "compress", "x-compress"};
  for (std::size_t comma = list.find(','); comma != std::string_view::npos; comma = list.find(',')) {
    const std::string_view coding = http::trim(list.substr(0, comma));
    bool found = false;
    for (std::string_view name : known) found = found || http::iequals(coding, name);
    if (!found) return false;
    list.remove_prefix(comma + 1);
  }
  return http::iequals(http::trim(list), "chunked");
}

enum class Doubt : std::uint8_t { none, both, coding, other_coding, length };

// What the two fields say, taken by themselves.
struct Declared {
  Doubt doubt = Doubt::none;
  bool chunked = false;
  std::optional<std::uint64_t> length{};
};

Declared declared(const FramingFields& fields, http::Version version) {
  if (fields.codings > 0) {
    if (fields.lengths > 0) return {.doubt = Doubt::both};
    // HTTP/1.0 has no transfer codings (section 6.1): whoever sends or passes one does not know what it says.
    if (fields.codings > 1 || version == http::Version::http10) return {.doubt = Doubt::coding};
    if (http::iequals(fields.coding, "chunked")) return {.chunked = true};
    return {.doubt = known_codings_then_chunked(fields.coding) ? Doubt::other_coding : Doubt::coding};
  }
  if (fields.lengths == 0) return {};
  // Section 6.3 lets identical values pass as one. No sender that is wanted does this, and readers differ in what they
  // hold to be identical ("5", "05"), so that it is refused.
  if (fields.lengths > 1) return {.doubt = Doubt::length};
  const std::optional<std::uint64_t> length = parse_content_length(fields.length);
  if (!length) return {.doubt = Doubt::length};
  return {.length = length};
}

auto refused(Code code, Side side, const char* where) {
  return fail(Error{.code = code, .side = side, .where = where});
}

BodyLength nothing(std::optional<std::uint64_t> length) { return {{}, length}; }

// RFC 9112 section 6.3; the numbers are its own. 3 and 5, the doubtful, come first. `status` is 0 for a request.
BodyLength body_length(const Declared& said, std::uint16_t status, http::Method asked) {
  const bool response = status != 0;
  if (response) {
    // 1. Responses that have no content, whatever their fields say.
    if (status < 200 || status == 204) return nothing({});
    if (asked == http::Method::head || status == 304) return nothing(said.length);
    // 2. A tunnel.
    if (asked == http::Method::connect && status < 300) return nothing({});
  }
  // 4. Chunked.
  if (said.chunked) return {{Framing::Kind::chunked, 0}, {}};
  // 6. A length.
  if (said.length) return {{Framing::Kind::length, *said.length}, said.length};
  // 7. A request without either.
  if (!response) return nothing({});
  // 8. A response without either.
  return {{Framing::Kind::until_close, 0}, {}};
}

}  // namespace

Result<BodyLength> request_body_length(const FramingFields& fields, http::Version version) {
  const Declared said = declared(fields, version);
  switch (said.doubt) {
    case Doubt::none: return body_length(said, 0, http::Method::other);
    case Doubt::both: return refused(Code::length_and_transfer_encoding, Side::client, "framing: both fields");
    case Doubt::coding: return refused(Code::bad_transfer_encoding, Side::client, "framing: Transfer-Encoding");
    case Doubt::other_coding:
      return refused(Code::unsupported_transfer_coding, Side::client, "framing: not chunked alone");
    case Doubt::length: return refused(Code::bad_content_length, Side::client, "framing: Content-Length");
  }
  return refused(Code::internal, Side::local, "framing");
}

Result<BodyLength> response_body_length(const FramingFields& fields, http::Version version, std::uint16_t status,
                                        http::Method asked) {
  const Declared said = declared(fields, version);
  const char* where = nullptr;
  switch (said.doubt) {
    case Doubt::none: break;
    case Doubt::both: where = "framing: both Content-Length and Transfer-Encoding"; break;
    case Doubt::coding: where = "framing: Transfer-Encoding"; break;
    case Doubt::other_coding: where = "framing: a transfer coding that was not asked for"; break;
    case Doubt::length: where = "framing: Content-Length"; break;
  }
  // Section 6.1: a server must not send one here, and a reader that believes it waits for chunks.
  if (said.chunked && (status < 200 || status == 204)) where = "framing: Transfer-Encoding without content";
  if (where != nullptr) return refused(Code::bad_response_framing, Side::upstream, where);
  return body_length(said, status, asked);
}

}  // namespace sp::codec::h1
