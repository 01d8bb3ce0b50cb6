#include <fmt/format.h>
#include <openssl/asn1.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include <ctime>
#include <optional>

#include "base/ip.h"
#include "tls/certificate_names.h"
#include "tls/explain.h"

namespace sp::tls {
namespace {

std::string name_text(const X509_NAME* name) {
  const std::optional<std::string> text = distinguished_name(name);
  if (!text) return "?";
  return text->empty() ? "(no name)" : printable(*text);
}

std::string whose(const Opening& opening) {
  return opening.role == Opening::Role::client ? "the certificate of " + opening.endpoint
                                               : "the certificate of the client";
}

// The certificate at which verification stopped, when that is not the peer's own but an authority's.
std::string at_which(X509_STORE_CTX* verification) {
  X509* at = X509_STORE_CTX_get_current_cert(verification);
  if (X509_STORE_CTX_get_error_depth(verification) == 0 || at == nullptr) return "";
  return fmt::format(" (of its authority {})", subject_text(at));
}

Diagnosis explain_dates(X509_STORE_CTX* verification, const Opening& opening, bool client_side) {
  X509* at = X509_STORE_CTX_get_current_cert(verification);
  const bool expired = X509_STORE_CTX_get_error(verification) == X509_V_ERR_CERT_HAS_EXPIRED;
  const std::string date = at == nullptr ? "?" : date_text(expired ? X509_get0_notAfter(at) : X509_get0_notBefore(at));
  return {client_side ? Code::upstream_certificate_expired : Code::client_certificate_invalid,
          fmt::format("{}{} {} {}", whose(opening), at_which(verification),
                      expired ? "expired on" : "is not valid before", date),
          expired ? "renew it, and check that the server was reloaded since; check the clock of this machine"
                  : "check the clock of this machine"};
}

bool is_for(X509* certificate, const std::string& name) {
  if (const std::optional<IpAddress> address = IpAddress::parse(name))
    return X509_check_ip(certificate, address->bytes.data(), address->v4 ? 4 : 16, 0) == 1;
  return X509_check_host(certificate, name.data(), name.size(), X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS, nullptr) == 1;
}

// Of a certificate that is not trusted: its name is looked at once it is, and would be refused next.
std::string name_remedy(X509_STORE_CTX* verification, const Opening& opening) {
  X509* leaf = X509_STORE_CTX_get0_cert(verification);
  if (leaf == nullptr || opening.name.empty() || is_for(leaf, opening.name)) return "";
  return fmt::format("; it is for {}, not for {}: with `ca`, set verify: chain too if any name will do",
                     names_text(leaf), opening.name);
}

Diagnosis explain_trust(X509_STORE_CTX* verification, const Opening& opening, bool client_side) {
  const Code code = client_side ? Code::upstream_certificate_untrusted : Code::client_certificate_invalid;
  const std::string who = whose(opening);
  X509* at = X509_STORE_CTX_get_current_cert(verification);
  const int error = X509_STORE_CTX_get_error(verification);
  switch (error) {
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
      return {
          code,
          fmt::format("{} is signed by itself ({}), and not trusted here", who, at == nullptr ? "?" : subject_text(at)),
          client_side ? "put this certificate into a file and name it in upstream_tls.ca, or pin its key: "
                        "upstream_tls: { verify: none, pin: ... }" +
                            name_remedy(verification, opening)
                      : "name its authority in client_certificates.ca"};
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
      return {
          code,
          fmt::format("{} is signed by \"{}\", which is not trusted here", who, at == nullptr ? "?" : issuer_text(at)),
          client_side
              ? "name this authority in upstream_tls.ca; if it is an intermediate one, the server should send its "
                "certificate too" +
                    name_remedy(verification, opening)
              : "name this authority in client_certificates.ca"};
    default:
      return {code,
              fmt::format("{}{} is refused: {}", who, at_which(verification), X509_verify_cert_error_string(error)),
              ""};
  }
}

}  // namespace

Diagnosis explain_certificate(X509_STORE_CTX* verification, const Opening& opening) {
  const bool client_side = opening.role == Opening::Role::client;
  switch (X509_STORE_CTX_get_error(verification)) {
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH: {
      const std::string names = names_text(X509_STORE_CTX_get0_cert(verification));
      return {
          Code::upstream_certificate_name, fmt::format("{} is for {}, not for {}", whose(opening), names, opening.name),
          fmt::format(
              "write a name of the certificate in `to`, or set upstream_tls: {{ verify: chain }} if any name will do")};
    }
    case X509_V_ERR_CERT_HAS_EXPIRED:
    case X509_V_ERR_CERT_NOT_YET_VALID: return explain_dates(verification, opening, client_side);
    default: return explain_trust(verification, opening, client_side);
  }
}

Diagnosis explain_long_name(const Opening& opening) {
  return {Code::client_certificate_invalid,
          fmt::format("{} has a subject or issuer that is longer than 4 KiB, or cannot be read", whose(opening)), ""};
}

Diagnosis explain_pin(const Opening& opening, std::string_view seen) {
  return {Code::upstream_certificate_pin,
          fmt::format("the key of {} is {}, which is not pinned", opening.endpoint, seen),
          "if the server's key was changed on purpose, set upstream_tls.pin to this value"};
}

std::string subject_text(const X509* certificate) { return name_text(X509_get_subject_name(certificate)); }
std::string issuer_text(const X509* certificate) { return name_text(X509_get_issuer_name(certificate)); }

std::string names_text(const X509* certificate) {
  const std::vector<std::string> names = certificate_names(certificate);
  if (names.empty()) return "no name at all";
  constexpr std::size_t shown = 3;
  std::string text;
  for (std::size_t i = 0; i < names.size() && i < shown; ++i) text += (i == 0 ? "" : ", ") + printable(names[i]);
  if (names.size() > shown) text += fmt::format(" and {} more", names.size() - shown);
  return text;
}

std::string date_text(const ASN1_TIME* time) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return "?";
  return fmt::format("{:04}-{:02}-{:02}", parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday);
}

std::string printable(std::string_view text) {
  std::string safe(text.substr(0, 200));
  for (char& c : safe) {
    if (c < ' ' || c > '~') c = '?';
  }
  return safe;
}

}  // namespace sp::tls
