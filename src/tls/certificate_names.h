// The names in a certificate, and what they match.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tls/handles.h"

namespace sp::tls {

// DNS names and IP addresses of the subjectAltName, in lower case; the common name only where there are none (RFC 6125
// section 6.4.4).
std::vector<std::string> certificate_names(const x509_st* certificate);
// Whether there is a DNS name or an IP address in the subjectAltName: clients of today read no other.
bool has_alternative_names(const x509_st* certificate);

// Of the subject, in UTF-8; empty: it has none.
std::string common_name(const x509_st* certificate);

// A subject or issuer as RFC 2253 writes it, in ASCII and whole: "CN=alice,O=Example". Null where it cannot be read.
std::optional<std::string> distinguished_name(const X509_name_st* name);

// Lower case, and without the trailing dot: the form in which names are compared.
std::string normal_name(std::string_view name);

// Whether `pattern` is `name`, or is "*." and what follows its first label. Both in normal form.
bool name_matches(std::string_view pattern, std::string_view name);

}  // namespace sp::tls
