#include "tls/certificate_names.h"

#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <cstring>
#include <memory>

#include "base/ip.h"

namespace sp::tls {
namespace {

std::string_view octets(const ASN1_STRING* string) {
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(string)),
          static_cast<std::size_t>(ASN1_STRING_length(string))};
}

std::string address_text(std::string_view octets) {
  if (octets.size() != 4 && octets.size() != 16) return "";
  IpAddress address;
  address.v4 = octets.size() == 4;
  std::memcpy(address.bytes.data(), octets.data(), octets.size());
  return address.text();
}

std::vector<std::string> alternative_names(const X509* certificate) {
  std::vector<std::string> names;
  auto* found = static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr));
  const std::unique_ptr<GENERAL_NAMES, void (*)(GENERAL_NAMES*)> alternatives(found, &GENERAL_NAMES_free);
  for (int i = 0; i < sk_GENERAL_NAME_num(found); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(found, i);
    if (name->type == GEN_DNS) {
      names.push_back(normal_name(octets(name->d.dNSName)));
    } else if (name->type == GEN_IPADD) {
      if (std::string address = address_text(octets(name->d.iPAddress)); !address.empty()) names.push_back(address);
    }
  }
  return names;
}

}  // namespace

std::string common_name(const X509* certificate) {
  const X509_NAME* subject = X509_get_subject_name(certificate);
  const int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
  if (at < 0) return "";
  unsigned char* text = nullptr;
  const int size = ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
  std::string result = size < 0 ? "" : std::string(reinterpret_cast<const char*>(text), static_cast<std::size_t>(size));
  OPENSSL_free(text);
  return result;
}

bool has_alternative_names(const X509* certificate) { return !alternative_names(certificate).empty(); }

std::vector<std::string> certificate_names(const X509* certificate) {
  std::vector<std::string> names = alternative_names(certificate);
  if (names.empty()) {
    if (std::string name = normal_name(common_name(certificate)); !name.empty()) names.push_back(name);
  }
  return names;
}

std::optional<std::string> distinguished_name(const X509_NAME* name) {
  const BioPtr out(BIO_new(BIO_s_mem()));
  if (out == nullptr || X509_NAME_print_ex(out.get(), name, 0, XN_FLAG_RFC2253) < 0) return std::nullopt;
  char* data = nullptr;
  const long size = BIO_get_mem_data(out.get(), &data);
  return std::string(data, size <= 0 ? 0 : static_cast<std::size_t>(size));
}

std::string normal_name(std::string_view name) {
  if (name.ends_with('.')) name.remove_suffix(1);
  std::string normal(name);
  for (char& c : normal) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return normal;
}

bool name_matches(std::string_view pattern, std::string_view name) {
  if (pattern == name) return true;
  if (!pattern.starts_with("*.")) return false;
  const std::size_t dot = name.find('.');
  return dot != std::string_view::npos && dot > 0 && name.substr(dot) == pattern.substr(1);
}

}  // namespace sp::tls
