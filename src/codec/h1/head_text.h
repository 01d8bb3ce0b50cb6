// A head while it is being written: counts what it appends, so that the whole can be read again at the end and compared.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/result.h"
#include "codec/h1/out_buffer.h"
#include "http/fields.h"

namespace sp::codec::h1 {

class HeadText {
 public:
  explicit HeadText(OutBuffer& out) : out_(out), begin_(out.size()) {}

  void field(std::string_view name, std::string_view value) {
    out_.append_field(name, value);
    count(name);
  }
  void field(std::string_view name, std::uint64_t number) {
    out_.append(name);
    out_.append(": ");
    out_.append_decimal(number);
    out_.append("\r\n");
    count(name);
  }
  // Counts a line that was appended to the buffer directly, and the token at its beginning.
  void count(std::string_view word) {
    ++lines_;
    names_ += word.size();
  }

  // The empty line. Then everything is read by the scanner that reads for us: the lines, and where their names end, must be
  // those that were meant. Returns the octets written; on an error the buffer is as it was.
  Result<std::size_t> finish(Code too_large);
  // Takes back what was written.
  std::unexpected<Error> give_up(Code code, const char* where);

 private:
  bool reads_the_same() const;

  OutBuffer& out_;
  std::size_t begin_;
  std::size_t names_ = 0;
  std::uint32_t lines_ = 0;
};

// Whether the model may hold this field: not what belongs to a connection, which the writers make themselves.
bool writable(http::FieldId id);

}  // namespace sp::codec::h1
