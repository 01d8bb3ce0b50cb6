// Which program a server is, by its own words; and what it calls the PROXY protocol.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace sp::doctor {

enum class Product : std::uint8_t { unknown, stalwart, postfix, dovecot, exim, nginx, apache, caddy };

// From all that it has said.
Product product_of(ByteView octets);
std::string_view name(Product product);

// Sentences without a full stop. `gate` is this gate's address, as the server sees it.
std::string how_to_expect(Product product, std::string_view gate);  // a header, from this gate
std::string how_to_trust(Product product, std::string_view gate);   // it expects one, but not from this gate
std::string how_to_expect_none(Product product, std::string_view gate);
// `word`: XCLIENT or ID.
std::string how_to_trust_identity(Product product, std::string_view gate, std::string_view word);
std::string how_to_take_log_ins(Product product);  // in clear

}  // namespace sp::doctor
