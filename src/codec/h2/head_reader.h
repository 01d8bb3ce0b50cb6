// From the field lines of one field section (RFC 9113 section 8) to the message model. What HPACK has decoded comes
// line by line; what it means, and whether it may stand there, is decided here.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/result.h"
#include "codec/limits.h"
#include "http/message.h"

namespace sp::codec::h2 {

class HeadReader {
 public:
  enum class Kind : std::uint8_t { request, response, trailers };

  explicit HeadReader(const Limits& limits) : limits_(limits) {}

  // A field section begins; its lines are copied into the arena of `fields`.
  void begin(Kind kind, http::Fields& fields);
  // Its next line. `lasting_name`: the name need not be copied. What is wrong is remembered; lines behind a fault, or
  // beyond the limits, are counted and not kept.
  void add(std::string_view name, std::string_view value, bool lasting_name);

  // At its end. `ended`: no content follows. Errors, all malformed() but the last five: bad_pseudo_field,
  // bad_field_name, bad_field_value, bad_connection_field, bad_method, bad_target, bad_host, host_mismatch,
  // bad_content_length, upgrade_with_body, bad_trailer; missing_host, target_too_long, unsupported_expectation,
  // fields_too_large, too_many_fields.
  Result<void> finish(http::RequestHead& head, bool ended);
  // Errors: bad_response_field, bad_status_line, bad_response_framing, response_fields_too_large. `asked` is the method
  // of the request.
  Result<void> finish(http::ResponseHead& head, http::Method asked, bool ended);
  Result<void> finish_trailers();

  // A malformed message is a stream error (section 8.1.1) and gets no answer; other faults do.
  static bool malformed(Code code);
  // Far more came than will ever be kept: the connection is not worth the work of decoding it.
  bool flooded() const { return octets_ > std::uint64_t{4} * limits_.head; }
  // What the lines take, decoded: each with the overhead of section 6.5.2 (SETTINGS_MAX_HEADER_LIST_SIZE).
  std::uint64_t octets() const { return octets_; }

 private:
  struct Pseudo {
    std::optional<std::string_view> method, scheme, authority, path, protocol, status;
  };
  void add_pseudo(std::string_view name, std::string_view value);
  void add_field(std::string_view name, std::string_view value, bool lasting_name);
  bool belongs_to_connection(const http::Field& field);
  void fault(Code code, const char* where);
  void settle_request_line(http::RequestHead& head);
  void settle_target(http::RequestHead& head);
  void settle_authority(http::RequestHead& head);
  void settle_content(http::RequestHead& head, bool ended);
  Result<void> outcome() const;

  Limits limits_;
  Kind kind_ = Kind::request;
  http::Fields* fields_ = nullptr;
  Pseudo pseudo_;
  std::optional<std::string_view> host_, length_, expect_, credentials_;
  std::uint64_t octets_ = 0;
  std::uint32_t lines_ = 0, cookies_ = 0, credentials_count_ = 0;
  bool accepts_trailers_ = false;
  bool fields_begun_ = false;  // no pseudo-field may follow
  Error error_{.code = Code::ok};
};

}  // namespace sp::codec::h2
