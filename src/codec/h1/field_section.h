// The field lines of a head, parted into what goes on with the message and what belongs to the connection that carried
// it.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "codec/h1/connection_options.h"
#include "codec/h1/framing.h"
#include "codec/h1/head_scan.h"
#include "codec/limits.h"
#include "http/fields.h"
#include "http/message.h"

namespace sp::codec::h1 {

// What was found of the fields that are not in the model. Each first value, and how many there were.
struct ConnectionFields {
  FramingFields framing;
  std::string_view host, expect, upgrade, credentials;
  std::uint32_t hosts = 0, expects = 0, upgrades = 0, credentials_count = 0;
  std::uint32_t cookies = 0;  // these are in the model, too
  bool accepts_trailers = false;
  ConnectionOptions options;  // last, like its array: else compilers clear all of it with the numbers around it
};

// One field line of `octets`: a token, a colon right behind it, and a value without the white space around it. Octets
// that the scan refuses are not in it. The code of a line that is no field: bad_field_name, bad_field_value (obs-fold);
// else ok.
Code parse_field_line(ByteView octets, const Line& line, http::Field& field);

// Reads the lines that are left. `fields` gets the end-to-end fields in their order, without those that Connection
// names; `found` the rest. Dropped without a trace: Keep-Alive, Proxy and the Proxy-* fields of one hop,
// HTTP2-Settings. Errors, all Side::client: bad_field_name, bad_field_value, bad_connection_field.
Result<void> read_fields(ByteView head, HeadLines& lines, Underscores underscores, http::Fields& fields,
                         ConnectionFields& found);

// RFC 9112 section 9.3.
bool persists(const ConnectionOptions& options, http::Version version);
// The protocol that Upgrade asks for or agrees to: one, named in Connection too, not h2c. Empty: none.
std::string_view upgrade_protocol(const ConnectionFields& found, http::Version version);

// The model's word for a framing.
http::BodySize body_size(const Framing& framing);

}  // namespace sp::codec::h1
