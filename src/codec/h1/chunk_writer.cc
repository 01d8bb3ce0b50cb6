#include "base/assert.h"
#include "codec/h1/head_text.h"
#include "codec/h1/writer.h"
#include "codec/trailer_names.h"

namespace sp::codec::h1 {

std::size_t write_chunk_head(std::uint64_t size, OutBuffer& out) {
  SP_ASSERT(size != 0);
  const std::size_t before = out.size();
  if (size == 0 || out.room() < chunk_head_max) return 0;
  out.append_hex(size);
  out.append("\r\n");
  return out.size() - before;
}

Result<std::size_t> write_last_chunk(const http::Fields& trailers, OutBuffer& out) {
  const std::size_t before = out.size();
  out.append("0\r\n");
  HeadText text(out);
  for (const http::Field& field : trailers) {
    if (!allowed_in_trailer(field.name)) {
      out.truncate(before);
      return fail(Code::internal, "trailers: a field that is not allowed there");
    }
    text.field(field);
  }
  auto octets = text.finish(Code::fields_too_large);
  if (!octets) {
    out.truncate(before);
    return octets;
  }
  return out.size() - before;
}

}  // namespace sp::codec::h1
