// What the operator can do about a failure on the way out, where that is something else than the table of codes says.
#pragma once

#include <string>
#include <string_view>

#include "base/code.h"

namespace sp::proxy {

struct Exchange;
struct OutboundUse;

// Empty: what the table says fits.
std::string remedy_on_way_out(Code code, const OutboundUse& use);
std::string remedy_on_way_out(Code code, const Exchange& exchange);
// Of the TLS of a server behind a tunnel that is inspected.
std::string_view remedy_inside(Code code);

}  // namespace sp::proxy
