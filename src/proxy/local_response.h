// Responses that the gate makes itself.
#pragma once

#include "proxy/exchange.h"

namespace sp::proxy {

// Content is borrowed: it lives at least as long as the exchange (the arena, the configuration).
Response text_response(Exchange& exchange, std::uint16_t status, std::string_view content_type, std::string_view text);
Response redirect_response(Exchange& exchange, std::uint16_t status, std::string_view location);
// 200 to OPTIONS that ends here.
Response options_response(Exchange& exchange);

}  // namespace sp::proxy
