// From the message model to the field lines of HTTP/2 (RFC 9113 section 8), as nghttp2 takes them. What is written is
// judged by the classes of characters that our reader goes by, whoever put it there.
#pragma once

#include <nghttp2/nghttp2.h>

#include <array>
#include <string_view>
#include <vector>

#include "http/message.h"

namespace sp::codec::h2 {

class HeadWriter {
 public:
  // Each false if the model holds what may not be written.
  bool add_request(const http::RequestHead& head, std::string_view scheme, std::string_view authority,
                   std::string_view target);
  bool add_response(const http::ResponseHead& head);
  bool add_trailers(const http::Fields& trailers);

  const nghttp2_nv* data() const { return more_.empty() ? few_.data() : more_.data(); }
  std::size_t size() const { return size_; }
  // What they can take when they are sent, as nghttp2 reckons it before it encodes them.
  std::size_t most_octets() const;

 private:
  bool add_fields(const http::Fields& fields);
  void add(std::string_view name, std::string_view value, std::uint8_t flags = 0);
  void add_number(std::string_view name, std::uint64_t value);

  std::array<nghttp2_nv, 48> few_;
  std::vector<nghttp2_nv> more_;
  std::size_t size_ = 0;
  std::array<char, 24> digits_;
};

}  // namespace sp::codec::h2
