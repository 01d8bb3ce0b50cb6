#include "tls/minter.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <optional>

#include "base/ip.h"
#include "tls/certificate_names.h"
#include "tls/certificate_parts.h"

namespace sp::tls {
namespace {

using Time = std::chrono::system_clock::time_point;
using Minted = std::shared_ptr<const Certificate>;

constexpr std::size_t longest_common_name = 64;  // RFC 5280's upper bound
// The clocks of clients differ from ours.
constexpr std::chrono::days head_start{1};

// ---- names

bool is_label(std::string_view label) {
  const auto fits = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_'; };
  return !label.empty() && label.size() <= 63 && std::ranges::all_of(label, fits);
}

bool is_dns_name(std::string_view name) {
  if (name.size() > 253) return false;
  for (;;) {
    const auto dot = name.find('.');
    if (!is_label(name.substr(0, dot))) return false;
    if (dot == std::string_view::npos) return true;
    name.remove_prefix(dot + 1);
  }
}

bool is_host(std::string_view name) { return IpAddress::parse(name) || is_dns_name(name); }

// As a certificate may name it: perhaps with a wildcard for the first label.
bool is_pattern(std::string_view name) {
  return is_host(name) || (name.starts_with("*.") && is_dns_name(name.substr(2)));
}

// One form of each name: "EXAMPLE.com." is "example.com", and 2001:DB8:0::1 is 2001:db8::1.
std::string host_of(std::string_view name) {
  const auto address = IpAddress::parse(name);
  return address ? address->text() : normal_name(name);
}

bool is_printable(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c >= 0x20 && c <= 0x7e; });
}

// Name and octets of the real certificate.
std::string key_of(std::string name, const X509* real) {
  if (real == nullptr) return name;
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  X509_digest(real, EVP_sha256(), digest.data(), &size);
  name += '\0';
  return name.append(reinterpret_cast<const char*>(digest.data()), size);
}

bool add(GENERAL_NAMES* names, const std::string& name) {
  const auto address = IpAddress::parse(name);
  GENERAL_NAME* added = GENERAL_NAME_new();
  ASN1_STRING* value = address ? ASN1_OCTET_STRING_new() : ASN1_IA5STRING_new();
  const bool set =
      value != nullptr && (address ? ASN1_STRING_set(value, address->bytes.data(), address->v4 ? 4 : 16)
                                   : ASN1_STRING_set(value, name.data(), static_cast<int>(name.size()))) == 1;
  if (added == nullptr || !set) {
    GENERAL_NAME_free(added);
    ASN1_STRING_free(value);
    return false;
  }
  GENERAL_NAME_set0_value(added, address ? GEN_IPADD : GEN_DNS, value);
  if (sk_GENERAL_NAME_push(names, added) > 0) return true;
  GENERAL_NAME_free(added);
  return false;
}

// Critical where there is no other name (RFC 5280 section 4.2.1.6).
bool add_alternative_names(X509* certificate, const std::vector<std::string>& names, bool critical) {
  const std::unique_ptr<GENERAL_NAMES, void (*)(GENERAL_NAMES*)> list(GENERAL_NAMES_new(), &GENERAL_NAMES_free);
  return list != nullptr && std::ranges::all_of(names, [&](const auto& name) { return add(list.get(), name); }) &&
         X509_add1_ext_i2d(certificate, NID_subject_alt_name, list.get(), critical ? 1 : 0, X509V3_ADD_APPEND) == 1;
}

// ---- dates

struct Dates {
  Time from, until;
};

// Those of the real certificate that are around `now`, a week at most. One that is not valid now is refused whatever
// the authority's dates are, and keeps its own, so that the client says why.
Dates dates_for(const Dates& real, const Dates& authority, Time now) {
  const auto week = Minter::longest_validity;
  if (now < real.from) return {real.from, std::min<Time>(real.until, real.from + week)};
  if (now >= real.until) return {std::max<Time>(real.from, real.until - week), real.until};
  const Time from = std::max<Time>({real.from, authority.from, now - head_start});
  return {from, std::min<Time>({real.until, authority.until, from + week})};
}

Dates dates_of(const X509* certificate) {
  return {time_of(X509_get0_notBefore(certificate)), time_of(X509_get0_notAfter(certificate))};
}

// ---- extensions

// Without a key id of the authority's there is none to point at.
bool add_fixed_extensions(X509* blank, X509* authority) {
  return add_extension(blank, authority, NID_basic_constraints, "critical,CA:FALSE") &&
         add_extension(blank, authority, NID_key_usage, "critical,digitalSignature") &&
         add_extension(blank, authority, NID_ext_key_usage, "serverAuth") &&
         add_extension(blank, authority, NID_subject_key_identifier, "hash") &&
         (X509_get0_subject_key_id(authority) == nullptr ||
          add_extension(blank, authority, NID_authority_key_identifier, "keyid:always"));
}

}  // namespace

struct Minter::Leaf {
  X509Ptr certificate;
  std::string common_name;  // empty: none
  std::vector<std::string> names;
  Dates dates;
};

bool Minter::renew_key(Time now) {
  KeyPtr key(EVP_EC_gen("P-256"));
  X509Ptr blank(X509_new());
  const Certificate& authority = *authority_->certificate;
  if (key == nullptr || blank == nullptr || X509_set_version(blank.get(), X509_VERSION_3) != 1 ||
      X509_set_issuer_name(blank.get(), X509_get_subject_name(authority.leaf.get())) != 1 ||
      X509_set_pubkey(blank.get(), key.get()) != 1 || !set_validity(blank.get(), now, now) ||
      !add_fixed_extensions(blank.get(), authority.leaf.get()) || !sign(blank.get())) {
    return false;
  }
  key_ = std::move(key);
  blank_ = std::move(blank);
  key_made_ = now;
  cache_.clear();
  return true;
}

std::vector<std::string> Minter::names_for(std::string_view name, const X509* real) const {
  std::vector<std::string> names = real == nullptr ? std::vector{std::string(name)} : certificate_names(real);
  // One that the authority may not sign would spoil the whole certificate.
  std::erase_if(names, [&](const std::string& each) { return !is_pattern(each) || !authority_->permits(each); });
  if (names.size() > most_names) {
    std::ranges::partition(names, [&](const std::string& each) { return name_matches(each, name); });
    names.resize(most_names);
  }
  return names;
}

std::string Minter::common_name_for(std::string_view name, const X509* real) const {
  std::string found = real == nullptr ? std::string(name) : common_name(real);
  const std::string host = host_of(found);
  const bool refused = is_pattern(host) && !authority_->permits(host);
  return refused || found.size() > longest_common_name || !is_printable(found) ? "" : found;
}

bool Minter::sign(X509* certificate) const {
  EVP_PKEY* key = authority_->certificate->key.get();
  return X509_sign(certificate, key, digest_for(key)) > 0;
}

bool Minter::make(Leaf& leaf) const {
  leaf.certificate.reset(X509_dup(blank_.get()));
  X509* made = leaf.certificate.get();
  return made != nullptr && set_random_serial(made) && set_validity(made, leaf.dates.from, leaf.dates.until) &&
         (leaf.common_name.empty() || set_common_name(made, leaf.common_name)) &&
         add_alternative_names(made, leaf.names, leaf.common_name.empty()) && sign(made);
}

Result<Minted> Minter::fresh(std::string_view name, const X509* real, Time now) const {
  const Certificate& authority = *authority_->certificate;
  const Dates signer{authority.not_before, authority.not_after};
  if (now < signer.from || now >= signer.until) return fail(Code::config_invalid, "the authority is not valid now");
  Leaf leaf{.certificate = nullptr,
            .common_name = common_name_for(name, real),
            .names = names_for(name, real),
            .dates = dates_for(real == nullptr ? signer : dates_of(real), signer, now)};
  if (leaf.names.empty()) return fail(Code::config_invalid, "the authority may not sign for this name");
  auto made = std::make_shared<Certificate>();
  made->chain.reset(X509_chain_up_ref(authority_->chain.get()));
  if (made->chain == nullptr || !make(leaf) || EVP_PKEY_up_ref(key_.get()) != 1) {
    ERR_clear_error();
    return fail(Code::internal, "mint a certificate");
  }
  made->key.reset(key_.get());
  made->leaf = std::move(leaf.certificate);
  made->kind = KeyKind::ecdsa;
  made->names = std::move(leaf.names);
  made->not_before = leaf.dates.from;
  made->not_after = leaf.dates.until;
  return made;
}

Result<Minted> Minter::mint(const LeafRequest& request, Time now) {
  const std::string name = host_of(request.name);
  if (!is_host(name)) return fail(Code::bad_host, "neither a DNS name nor an address");
  // Also where the clock was put back.
  if ((key_ == nullptr || now < key_made_ || now >= key_made_ + key_lifetime) && !renew_key(now)) {
    ERR_clear_error();
    return fail(Code::internal, "make a key");
  }
  const std::string key = key_of(name, request.real);
  if (Minted found = cache_.find(key, now)) return found;
  Result<Minted> made = fresh(name, request.real, now);
  const bool lasts = made && now >= (*made)->not_before && now < (*made)->not_after;
  if (lasts) cache_.put(key, *made);
  return made;
}

}  // namespace sp::tls
