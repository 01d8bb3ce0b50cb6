// What both kinds of context have in common.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "tls/certificate.h"
#include "tls/handles.h"

namespace sp::tls {

// Modes and options of every connection: no renegotiation, no compression, read-ahead.
bool set_common(ssl_ctx_st* context);
// Presents `certificate` with its chain.
bool use_certificate(ssl_ctx_st* context, const Certificate& certificate);
// RFC 7301 section 3.1: each name after its length. Names longer than 255 octets, which do not exist, are left out.
std::string alpn_wire_form(std::span<const std::string_view> names);
// Certificates are judged by the clock of the loop, which in a simulation is not the machine's.
void judge_by_clock(ssl_st* ssl);

}  // namespace sp::tls
