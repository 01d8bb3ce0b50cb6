#include "proxy/variables.h"

#include <charconv>

#include "tls/info.h"
#include "tls/stream.h"

namespace sp::proxy {

using policy::Variable;

namespace {

std::string_view decimal(std::uint64_t number, Arena& arena) {
  if (number == 0) return {};
  char digits[20];
  char* end = std::to_chars(digits, digits + sizeof digits, number).ptr;
  return arena.copy({digits, static_cast<std::size_t>(end - digits)});
}

// "10.0.0.7:443" without ":443".
std::string_view without_port(std::string_view address) {
  auto colon = address.rfind(':');
  return colon == std::string_view::npos ? address : address.substr(0, colon);
}

std::string_view port_of(std::string_view address) {
  auto colon = address.rfind(':');
  return colon == std::string_view::npos ? std::string_view() : address.substr(colon + 1);
}

std::string_view host_of(std::string_view authority) {
  auto parts = http::split_authority(authority);
  return parts ? parts->host : authority;
}

}  // namespace

std::string_view RequestVariables::uri(Arena& arena) const {
  return request_.has_query ? arena.concat({admission_.path, "?", request_.query}) : admission_.path;
}

std::string_view RequestVariables::cookie(std::string_view name) const {
  for (const http::Field& field : request_.fields) {
    if (field.id != http::FieldId::cookie) continue;
    for (std::string_view rest = field.value; !rest.empty();) {
      auto semicolon = rest.find(';');
      std::string_view pair = http::trim(rest.substr(0, semicolon));
      rest = semicolon == std::string_view::npos ? std::string_view() : rest.substr(semicolon + 1);
      auto equals = pair.find('=');
      if (equals != std::string_view::npos && pair.substr(0, equals) == name) return pair.substr(equals + 1);
    }
  }
  return {};
}

std::string_view RequestVariables::tls_value(Variable variable) const {
  if (tls == nullptr) return {};
  tls::TlsInfo info = tls->info();
  switch (variable) {
    case Variable::tls_version: return info.version;
    case Variable::tls_cipher: return info.cipher;
    case Variable::tls_sni: return info.sni;
    case Variable::tls_alpn: return info.alpn;
    default: return {};
  }
}

std::string_view RequestVariables::client_certificate_value(Variable variable, Arena& arena) const {
  if (tls == nullptr) return {};
  auto certificate = tls->peer_certificate();
  if (!certificate) return variable == Variable::tls_client_verify ? "NONE" : "";
  switch (variable) {
    case Variable::tls_client_subject: return arena.copy(certificate->subject);
    case Variable::tls_client_issuer: return arena.copy(certificate->issuer);
    case Variable::tls_client_serial: return arena.copy(certificate->serial);
    case Variable::tls_client_fingerprint: return arena.copy(certificate->fingerprint);
    case Variable::tls_client_verify: return "SUCCESS";  // one that is not valid does not get through the handshake
    default: return {};
  }
}

std::string_view RequestVariables::value(Variable variable, std::string_view argument, Arena& arena) const {
  switch (variable) {
    case Variable::client_address: return admission_.client.address_text;
    case Variable::client_port: return decimal(client_port, arena);
    case Variable::request_method: return request_.method_text;
    case Variable::request_host: return host_of(admission_.client.authority);
    case Variable::request_path: return admission_.path;
    case Variable::request_query: return request_.query;
    case Variable::request_uri: return uri(arena);
    case Variable::request_scheme: return admission_.client.scheme;
    case Variable::request_id: return id;
    case Variable::request_header: {
      const http::Field* field = request_.fields.find(argument);
      return field == nullptr ? std::string_view() : field->value;
    }
    case Variable::request_cookie: return cookie(argument);
    case Variable::tls_version:
    case Variable::tls_cipher:
    case Variable::tls_sni:
    case Variable::tls_alpn: return tls_value(variable);
    case Variable::tls_client_subject:
    case Variable::tls_client_issuer:
    case Variable::tls_client_serial:
    case Variable::tls_client_fingerprint:
    case Variable::tls_client_verify: return client_certificate_value(variable, arena);
    case Variable::server_address: return without_port(server_address);
    case Variable::server_port: return port_of(server_address);
    case Variable::route_path:
      return admission_.match.route == nullptr ? std::string_view() : admission_.match.route->pattern;
    case Variable::upstream_name: return upstream == nullptr ? std::string_view() : std::string_view(upstream->name);
    case Variable::response_status: return decimal(response_status, arena);
    case Variable::proxy: return {};  // of connections: see ExchangeVariables
    case Variable::regex: {
      std::size_t number = 0;
      std::from_chars(argument.data(), argument.data() + argument.size(), number);
      return number < admission_.match.captures.size() ? admission_.match.captures[number] : std::string_view();
    }
  }
  return {};
}

}  // namespace sp::proxy
