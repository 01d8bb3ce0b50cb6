// The request target in its four forms: RFC 9112 section 3.2.
#pragma once

#include <optional>
#include <string_view>

#include "base/result.h"
#include "codec/host.h"
#include "http/message.h"

namespace sp::codec {

// Reads the target of `head.method` into form, scheme, authority, path, query and has_query of `head`, and gives the
// authority in parts where the target has one.
//
// Only visible ASCII without '#', and '%' only before two hexadecimal digits. Absolute form: http and https, no user
// information; an empty path becomes "/", or asterisk-form for OPTIONS (section 3.2.4). Authority form is for CONNECT
// alone and has a port from 1; "*" is for OPTIONS alone. Errors: bad_target.
Result<std::optional<Authority>> parse_target(std::string_view text, http::RequestHead& head);

// Whether a request line may hold `text` as its target: visible ASCII without '#', at least one character.
bool is_target_text(std::string_view text);

}  // namespace sp::codec
