#include "codec/tls_hello/hello.h"

#include "codec/tls_hello/fields.h"
#include "codec/tls_hello/octets.h"
#include "codec/tls_hello/server_name.h"

namespace sp::codec::tls_hello {
namespace {

// Of the registry of extensions.
constexpr std::uint32_t server_name_extension = 0;
constexpr std::uint32_t alpn_extension = 16;
constexpr std::uint32_t supported_versions_extension = 43;

auto malformed(const char* where) {
  return fail(Error{.code = Code::client_hello_malformed, .side = Side::client, .where = where});
}

// RFC 6066 section 3. The list was meant for names of other types too, but nobody ever had one, and readers disagree on
// how to pass over them; so it is one host_name, as for OpenSSL and BoringSSL.
Result<void> read_server_name(ByteView data, Hello& hello) {
  constexpr std::uint32_t host_name = 0;
  Octets in(data);
  Octets list(in.vector(2));
  const std::uint32_t type = list.number(1);
  const ByteView sent = list.vector(2);
  if (!in.ended() || !list.ended() || type != host_name) return malformed("ClientHello: server_name");
  SP_TRY_PLAIN(hello.server_name, normal_server_name(sent));
  return {};
}

// RFC 7301 section 3.1.
Result<void> read_protocols(ByteView data, Hello& hello) {
  Octets in(data);
  Octets list(in.vector(2));
  bool good = !list.empty();
  while (!list.empty()) {
    const ByteView protocol = list.vector(1);
    good &= !protocol.empty();
    hello.protocols.add(protocol);
  }
  if (!good || !in.ended() || !list.ended()) return malformed("ClientHello: ALPN");
  return {};
}

// RFC 8446 section 4.2.1.
Result<void> read_versions(ByteView data, Hello& hello) {
  Octets in(data);
  Octets list(in.vector(1));
  const bool good = !list.empty();
  while (!list.empty()) {
    const std::uint32_t version = list.number(2);
    if (!is_made_up(version)) hello.versions.add(static_cast<std::uint16_t>(version));
  }
  if (!good || !in.ended() || !list.ended()) return malformed("ClientHello: supported_versions");
  return {};
}

// RFC 8446 section 4.2. Of two that are the same we might take one and the server the other.
Result<void> read_extensions(ByteView extensions, Hello& hello) {
  struct Known {
    std::uint32_t type;
    Result<void> (*read)(ByteView, Hello&);
    bool seen = false;
  };
  Known known[] = {{server_name_extension, read_server_name},
                   {alpn_extension, read_protocols},
                   {supported_versions_extension, read_versions}};
  Octets in(extensions);
  while (!in.empty()) {
    const std::uint32_t type = in.number(2);
    const ByteView data = in.vector(2);
    if (in.broken()) return malformed("ClientHello: an extension");
    for (Known& each : known) {
      if (each.type != type) continue;
      if (each.seen) return malformed("ClientHello: an extension given twice");
      each.seen = true;
      if (auto read = each.read(data, hello); !read) return read;
    }
  }
  return {};
}

bool are_well_formed(const FixedFields& fields) {
  constexpr std::size_t longest_session_id = 32;
  return fields.legacy_version >> 8 == 3 && fields.session_id.size() <= longest_session_id &&
         !fields.cipher_suites.empty() && fields.cipher_suites.size() % 2 == 0 && !fields.compression_methods.empty();
}

}  // namespace

Result<Hello> parse_hello(ByteView content) {
  Hello hello;
  Octets in(content);
  const FixedFields fields = take_fixed_fields(in);
  if (in.broken() || !are_well_formed(fields)) return malformed("ClientHello: before its extensions");
  hello.legacy_version = fields.legacy_version;
  if (in.empty()) return hello;  // up to TLS 1.2 there need not be any
  const ByteView extensions = in.vector(2);
  if (!in.ended()) return malformed("ClientHello: length of its extensions");
  if (auto read = read_extensions(extensions, hello); !read) return fail(read.error());
  return hello;
}

}  // namespace sp::codec::tls_hello
