#include "tls/name_constraints.h"

#include <openssl/asn1.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <memory>
#include <optional>
#include <span>

#include "tls/certificate_names.h"

namespace sp::tls {
namespace {

using config::Network;
using Subtrees = STACK_OF(GENERAL_SUBTREE);

// ---- writing

bool add(Subtrees* subtrees, int kind, std::span<const unsigned char> octets) {
  GENERAL_SUBTREE* subtree = GENERAL_SUBTREE_new();
  ASN1_STRING* value = kind == GEN_DNS ? ASN1_IA5STRING_new() : ASN1_OCTET_STRING_new();
  if (subtree == nullptr || value == nullptr ||
      ASN1_STRING_set(value, octets.data(), static_cast<int>(octets.size())) != 1) {
    GENERAL_SUBTREE_free(subtree);
    ASN1_STRING_free(value);
    return false;
  }
  GENERAL_NAME_set0_value(subtree->base, kind, value);
  if (sk_GENERAL_SUBTREE_push(subtrees, subtree) > 0) return true;
  GENERAL_SUBTREE_free(subtree);
  return false;
}

bool add(Subtrees* subtrees, std::string_view domain) {
  return add(subtrees, GEN_DNS, {reinterpret_cast<const unsigned char*>(domain.data()), domain.size()});
}

// The address, and a mask of the same size behind it.
bool add(Subtrees* subtrees, const Network& network) {
  const std::size_t size = network.address.v4 ? 4 : 16;
  std::array<unsigned char, 32> octets{};
  std::copy_n(network.address.bytes.begin(), size, octets.begin());
  for (std::size_t i = 0; i < size; ++i) {
    const int kept = std::clamp(network.bits - static_cast<int>(i) * 8, 0, 8);
    octets[size + i] = static_cast<unsigned char>(0xFF00u >> kept);
  }
  return add(subtrees, GEN_IPADD, {octets.data(), size * 2});
}

bool fill(Subtrees* permitted, Subtrees* excluded, const Permitted& names) {
  const auto permit = [&](const auto& name) { return add(permitted, name); };
  if (!std::ranges::all_of(names.domains, permit) || !std::ranges::all_of(names.networks, permit)) return false;
  if (names.domains.empty() && !add(excluded, std::string_view())) return false;
  return !names.networks.empty() || (add(excluded, Network{.address = IpAddress::any4(), .bits = 0}) &&
                                     add(excluded, Network{.address = IpAddress::any6(), .bits = 0}));
}

// ---- reading

std::string_view octets_of(const ASN1_STRING* string) {
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(string)),
          static_cast<std::size_t>(ASN1_STRING_length(string))};
}

// Null where it is no network at all.
std::optional<Network> read_network(std::string_view octets) {
  if (octets.size() != 8 && octets.size() != 32) return std::nullopt;
  const std::size_t size = octets.size() / 2;
  Network network;
  network.address.v4 = size == 4;
  std::memcpy(network.address.bytes.data(), octets.data(), size);
  network.bits = 0;
  for (const char c : octets.substr(size)) network.bits += std::popcount(static_cast<unsigned char>(c));
  return network;
}

bool holds(std::string_view domain, std::string_view name) {
  if (domain.empty()) return true;
  if (!name.ends_with(domain)) return false;
  return domain.starts_with('.') || name.size() == domain.size() || name[name.size() - domain.size() - 1] == '.';
}

}  // namespace

bool add_name_constraints(X509* certificate, const Permitted& permitted) {
  const std::unique_ptr<NAME_CONSTRAINTS, void (*)(NAME_CONSTRAINTS*)> made(NAME_CONSTRAINTS_new(),
                                                                            &NAME_CONSTRAINTS_free);
  if (made == nullptr) return false;
  made->permittedSubtrees = sk_GENERAL_SUBTREE_new_null();
  made->excludedSubtrees = sk_GENERAL_SUBTREE_new_null();
  if (made->permittedSubtrees == nullptr || made->excludedSubtrees == nullptr ||
      !fill(made->permittedSubtrees, made->excludedSubtrees, permitted)) {
    return false;
  }
  // RFC 5280 allows no empty list.
  if (sk_GENERAL_SUBTREE_num(made->excludedSubtrees) == 0) {
    sk_GENERAL_SUBTREE_free(made->excludedSubtrees);
    made->excludedSubtrees = nullptr;
  }
  return X509_add1_ext_i2d(certificate, NID_name_constraints, made.get(), 1, X509V3_ADD_DEFAULT) == 1;
}

NameConstraints NameConstraints::of(const X509* certificate) {
  NameConstraints made;
  const std::unique_ptr<NAME_CONSTRAINTS, void (*)(NAME_CONSTRAINTS*)> found(
      static_cast<NAME_CONSTRAINTS*>(X509_get_ext_d2i(certificate, NID_name_constraints, nullptr, nullptr)),
      &NAME_CONSTRAINTS_free);
  if (found == nullptr) return made;
  read(made.permitted_, found->permittedSubtrees);
  read(made.excluded_, found->excludedSubtrees);
  return made;
}

void NameConstraints::read(Names& names, const void* subtrees) {
  const auto* list = static_cast<const Subtrees*>(subtrees);
  for (int i = 0; i < sk_GENERAL_SUBTREE_num(list); ++i) {
    const GENERAL_NAME* base = sk_GENERAL_SUBTREE_value(list, i)->base;
    if (base->type == GEN_DNS) names.domains.push_back(normal_name(octets_of(base->d.dNSName)));
    if (base->type != GEN_IPADD) continue;
    if (auto network = read_network(octets_of(base->d.iPAddress))) names.networks.push_back(*network);
  }
}

bool NameConstraints::permit(std::string_view name) const {
  const auto address = IpAddress::parse(name);
  const auto in_domain = [&](const std::string& domain) { return holds(domain, name); };
  const auto in_network = [&](const Network& network) { return network.contains(*address); };
  const auto among = [&](const Names& names) {
    return address ? std::ranges::any_of(names.networks, in_network) : std::ranges::any_of(names.domains, in_domain);
  };
  const bool bound = address ? !permitted_.networks.empty() : !permitted_.domains.empty();
  return !among(excluded_) && (!bound || among(permitted_));
}

}  // namespace sp::tls
