#include "proxy/proxy_header.h"

#include <algorithm>
#include <array>
#include <vector>

#include "codec/proxy_protocol/layout.h"
#include "codec/proxy_protocol/reader.h"
#include "codec/proxy_protocol/writer.h"
#include "proxy/exchange_variables.h"
#include "proxy/worker.h"
#include "runtime/abort_on_cancel.h"
#include "tls/stream.h"

namespace sp::proxy {

using runtime::IoStatus;
using runtime::Task;

namespace {

namespace pp = codec::proxy_protocol;

constexpr std::size_t most_read = 16 + 536;  // what the specification wants a header to fit into
constexpr std::size_t most_written = 4096;   // with values of the configuration; receivers want less

Endpoint endpoint_of(const ConnectionEnd& end) { return {.address = end.address, .port = end.port, .unix_path = {}}; }

void believe(ClientConnection& client, const pp::Header& header, ByteView octets) {
  client.proxy_header = std::make_unique<std::string>(octets);
  if (!header.has_addresses() || header.transport == pp::Transport::unix_stream ||
      header.transport == pp::Transport::unix_datagram)
    return;
  client.peer = {header.source.address, header.source.port};
  client.local = {header.destination.address, header.destination.port};
  client.peer_text = client.peer.address.text();
  client.trusted = client.entry->policy->trusted_proxies.contains(client.peer.address);
}

// Octets that have been looked at, taken off the stream. A peer that makes one of them urgent takes it away again: the
// rest is waited for.
Task<Result<void>> take(runtime::Stream& stream, std::span<char> octets, runtime::TimePoint deadline) {
  while (!octets.empty()) {
    SP_TRY(const std::size_t got, co_await stream.read(octets, deadline));
    if (got == 0) co_return fail(Code::io_error, "PROXY header");
    octets = octets.subspan(got);
  }
  co_return Result<void>{};
}

Error nothing_came(const Error& error) {
  if (error.code != Code::timeout) return error;
  return {.code = Code::proxy_header_missing, .side = Side::client, .where = "nothing came in time"};
}

}  // namespace

bool begins_with_proxy_header(ByteView octets) {
  if (octets.starts_with(pp::v2_signature)) return true;
  return octets.starts_with(pp::v1_signature) && octets.substr(pp::v1_signature.size()).starts_with(' ');
}

Error strange_header(const ClientConnection& client) {
  return {.code = Code::proxy_header_unlisted, .side = Side::client, .where = client.peer_text.c_str()};
}

Task<Result<void>> accept_header(Worker& worker, ClientConnection& client, runtime::TimePoint deadline) {
  runtime::Stream& stream = *client.stream;
  runtime::AbortOnCancel abort(stream, worker.before_requests());
  const pp::HeaderReader reader;
  std::array<char, most_read> octets{};
  std::size_t taken = 0;
  for (;;) {
    auto ready = co_await stream.readable(deadline);
    if (!ready) co_return fail(nothing_came(ready.error()));
    // Of what has come only the header is taken: what is behind it is not ours to read yet.
    const runtime::IoResult seen = stream.try_peek(std::span(octets).subspan(taken));
    if (seen.status == IoStatus::would_block) {
      (void)stream.try_read(std::span(octets).subspan(taken, 0));
      continue;
    }
    if (seen.status == IoStatus::failed) co_return fail(seen.code, "PROXY header");
    if (seen.status == IoStatus::end || seen.bytes == 0)
      co_return fail({.code = Code::client_closed, .side = Side::client, .where = "PROXY header"});
    pp::Header header;
    SP_TRY(const std::size_t size, reader.read({octets.data(), taken + seen.bytes}, header));
    const std::size_t wanted = size == 0 ? taken + seen.bytes : size;
    SP_CHECK(co_await take(stream, std::span(octets).subspan(taken, wanted - taken), deadline));
    taken = wanted;
    if (size == 0) continue;
    believe(client, header, {octets.data(), size});
    co_return Result<void>{};
  }
}

std::string_view compose_header(const HeaderFacts& facts, const policy::SendProxy& what,
                                const policy::Variables& variables, Arena& arena) {
  if (!what.on()) return {};
  pp::Header header;
  header.version = what.version == config::ProxyVersion::v1 ? pp::Version::v1 : pp::Version::v2;
  header.source = endpoint_of(facts.client);
  header.destination = endpoint_of(facts.local);
  header.transport = pp::transport_between(header.source, header.destination);
  pp::Attributes attributes;
  std::vector<pp::Tlv> others;
  if (header.version == pp::Version::v2) {
    attributes.authority = facts.authority;
    attributes.alpn = facts.alpn;
    attributes.ssl = facts.ssl;
    if (what.unique_id) attributes.unique_id = facts.unique_id.substr(0, pp::unique_id_max);
    if (what.crc32c) attributes.checksum = pp::Checksum::crc32c;
    for (const policy::SendProxy::Value& value : what.values)
      others.push_back({value.type, value.text.expand(variables, arena)});
    attributes.others = others;
  }
  std::array<char, most_written> room;
  auto size = pp::write_header(header, attributes, room);
  if (!size)
    size = pp::write_header(header, {}, room);  // values that are too long: what matters most goes all the same
  return size ? arena.copy({room.data(), *size}) : std::string_view();
}

namespace {

// What a connection to the client says of its TLS, for as long as it is needed.
struct TlsFacts {
  tls::TlsInfo info;
  tls::OwnCertificate own;
  std::string common_name;
};

void add_tls(const tls::TlsStream& tls, TlsFacts& texts, HeaderFacts& facts) {
  texts.info = tls.info();
  texts.own = tls.own_certificate();
  facts.alpn = texts.info.alpn;
  facts.authority = texts.info.sni;
  pp::Ssl& ssl = facts.ssl.emplace();
  ssl.client = pp::client_ssl;
  ssl.version = texts.info.version;
  ssl.cipher = texts.info.cipher;
  ssl.sig_alg = texts.own.signature;
  ssl.key_alg = texts.own.key;
  ssl.verify = 1;  // not verified, unless:
  if (const auto certificate = tls.peer_certificate()) {
    ssl.client |= pp::client_cert_sess | (texts.info.resumed ? 0 : pp::client_cert_conn);
    ssl.verify = 0;
    texts.common_name = certificate->common_name;
    ssl.cn = texts.common_name;
  }
}

}  // namespace

std::string_view header_for(Exchange& exchange, const policy::SendProxy& what, HeaderUse use) {
  if (!what.on()) return {};
  HeaderFacts facts{.client = exchange.client.peer,
                    .local = exchange.client.local,
                    .authority = exchange.server_name,
                    .alpn = {},
                    .ssl = std::nullopt,
                    .unique_id = {}};
  TlsFacts texts;
  const tls::TlsStream* tls = exchange.client.tls();
  if (tls != nullptr && what.version == config::ProxyVersion::v2) add_tls(*tls, texts, facts);
  if (what.unique_id && use == HeaderUse::sent) facts.unique_id = exchange.request_id();
  return compose_header(facts, what, ExchangeVariables(exchange), exchange.arena);
}

}  // namespace sp::proxy
