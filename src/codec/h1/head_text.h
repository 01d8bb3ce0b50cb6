// A head while it is being written, and the check that nothing but what was meant has been written.
#pragma once

#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/result.h"
#include "codec/characters.h"
#include "codec/h1/out_buffer.h"
#include "http/fields.h"

namespace sp::codec::h1 {

// Names must be tokens when they are appended; everything else is judged at the end, by
// the classes of characters that our readers go by: a head of n lines holds the 2n control characters that end them,
// and whatever smuggles in another is seen because there are more.
class HeadText {
 public:
  explicit HeadText(OutBuffer& out) : out_(out), begin_(out.size()) {}

  // The fields of a message, without Trailer where it is to be dropped. False: one is there that may not be.
  enum class Trailer : std::uint8_t { keep, drop };
  [[nodiscard]] bool fields(const http::Fields& fields, Trailer trailer);
  // A field of the message: its name is checked.
  void field(const http::Field& field) {
    if (field.id == http::FieldId::other && !is_name(field.name)) [[unlikely]]
      bad_name_ = true;
    this->field(field.name, field.value);
  }
  // A field of ours.
  void field(std::string_view name, std::string_view value) {
    out_.append_field(name, value);
    ++lines_;
  }
  void field(std::string_view name, std::uint64_t number) {
    std::array<char, 20> digits;  // NOLINT: written before it is read
    const char* const end = std::to_chars(digits.begin(), digits.end(), number).ptr;
    field(name, {digits.data(), static_cast<std::size_t>(end - digits.data())});
  }
  // Counts a line that was appended to the buffer directly.
  void count_line() { ++lines_; }

  // The empty line, and the check. Returns the octets written; on an error the buffer is as it was.
  Result<std::size_t> finish(Code too_large);
  // Takes back what was written.
  std::unexpected<Error> give_up(Code code, const char* where);

 private:
  OutBuffer& out_;
  std::size_t begin_;
  std::size_t lines_ = 0;
  bool bad_name_ = false;
};

}  // namespace sp::codec::h1
