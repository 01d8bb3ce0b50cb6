#include "codec/h1/head_text.h"

#include "codec/h1/scan.h"

namespace sp::codec::h1 {
namespace {

using http::FieldId;

// Whether the model may hold this field: not what belongs to a connection, which the writers make themselves.
constexpr bool writable(http::FieldId id) {
  constexpr auto bit = [](FieldId one) { return std::uint64_t{1} << static_cast<unsigned>(one); };
  constexpr std::uint64_t refused = bit(FieldId::connection) | bit(FieldId::content_length) | bit(FieldId::expect) |
                                    bit(FieldId::host) | bit(FieldId::http2_settings) | bit(FieldId::keep_alive) |
                                    bit(FieldId::proxy) | bit(FieldId::proxy_connection) | bit(FieldId::te) |
                                    bit(FieldId::transfer_encoding) | bit(FieldId::upgrade);
  return (refused & bit(id)) == 0;
}

}  // namespace

// Lines that stand one behind the other as they came are copied together. Their names need no look: where there is a
// whole line, a reader has taken its name for a token. Their values are judged at the end, like everything.
bool HeadText::fields(const http::Fields& fields, Trailer trailer) {
  const char* begin = nullptr;
  const char* end = nullptr;
  const auto copy_lines = [&] {
    if (begin != nullptr) out_.append({begin, static_cast<std::size_t>(end - begin)});
  };
  for (const http::Field& field : fields) {
    if (!writable(field.id)) return false;
    if (field.id == FieldId::trailer && trailer == Trailer::drop) continue;
    if (field.whole_line) {
      if (field.name.data() != end) {
        copy_lines();
        begin = field.name.data();
      }
      end = field.value.data() + field.value.size() + 2;
      ++lines_;
    } else {
      copy_lines();
      begin = end = nullptr;
      this->field(field);
    }
  }
  copy_lines();
  return true;
}

Result<std::size_t> HeadText::finish(Code too_large) {
  out_.append("\r\n");
  if (out_.overflowed()) return give_up(too_large, "head: does not fit the buffer");
  const ByteView written = out_.view().substr(begin_);
  const std::size_t line_ends = 2 * (lines_ + 1);
  if (bad_name_ || count_controls(written) != line_ends) {
    return give_up(Code::internal, "head: a name or value that may not be written");
  }
  return written.size();
}

std::unexpected<Error> HeadText::give_up(Code code, const char* where) {
  out_.truncate(begin_);
  return fail(code, where);
}

}  // namespace sp::codec::h1
