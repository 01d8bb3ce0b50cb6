#include "codec/h1/body_reader.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "base/assert.h"
#include "codec/characters.h"
#include "codec/h1/trailers.h"

namespace sp::codec::h1 {
namespace {

// Extensions say nothing to us, so that a body of chunks with one octet and 200 of extension is an attack on those who
// read it. So much is borne in advance; beyond it every octet of extension needs one of content.
constexpr std::uint32_t max_overhead = 16384;

constexpr std::uint32_t bounded(std::size_t n) {
  return static_cast<std::uint32_t>(std::min<std::size_t>(n, std::numeric_limits<std::uint32_t>::max()));
}

}  // namespace

BodyReader::BodyReader(const Limits& limits, Side sender)
    : bounds_{bounded(limits.chunk_line), bounded(limits.trailers), limits.trailer_fields,
              sender == Side::client ? limits.underscores : Underscores::keep},
      sender_(sender) {}

void BodyReader::start(const Framing& framing) {
  left_ = framing.length;
  overhead_ = line_ = digits_ = 0;
  trailer_scan_ = {};
  switch (framing.kind) {
    case Framing::Kind::none: state_ = State::done; break;
    case Framing::Kind::length: state_ = left_ == 0 ? State::done : State::fixed; break;
    case Framing::Kind::chunked:
      left_ = 0;
      state_ = State::size;
      break;
    case Framing::Kind::until_close: state_ = State::until_close; break;
  }
}

Result<BodyReader::Step> BodyReader::next(ByteView& in, http::Fields* trailers) {
  switch (state_) {
    case State::done: return Step{.done = true};
    case State::fixed: {
      const ByteView data = take(in);
      return Step{data, done()};
    }
    case State::until_close: return Step{.data = std::exchange(in, {})};
    default: return next_chunked(in, trailers);
  }
}

Result<BodyReader::Step> BodyReader::next_chunked(ByteView& in, http::Fields* trailers) {
  // Goes on behind the data as far as it can, so that a last chunk that came with them needs no further call.
  Step step;
  for (;;) {
    switch (state_) {
      case State::done: step.done = true; return step;
      case State::data:
        if (in.empty() || !step.data.empty()) return step;
        step.data = take(in);
        break;
      case State::trailers: {
        SP_TRY_PLAIN(const bool complete, read_trailers(in, trailers));
        if (!complete) return step;
        state_ = State::done;
        break;
      }
      default: {
        if (in.empty()) return step;
        auto read = read_line(in);
        if (!read) return fail(read.error());
      }
    }
  }
}

// Octets of content, up to the end of what is left of them.
ByteView BodyReader::take(ByteView& in) {
  const ByteView data = in.substr(0, left_);
  in.remove_prefix(data.size());
  skip(data.size());
  return data;
}

std::uint64_t BodyReader::contiguous() const {
  switch (state_) {
    case State::fixed:
    case State::data: return left_;
    case State::until_close: return std::numeric_limits<std::uint64_t>::max();
    default: return 0;
  }
}

void BodyReader::skip(std::uint64_t octets) {
  if (state_ == State::until_close) return;
  SP_ASSERT(octets <= contiguous());
  left_ -= std::min(octets, left_);
  if (left_ != 0) return;
  if (state_ == State::fixed) state_ = State::done;
  if (state_ == State::data) state_ = State::data_cr;
}

// Octets between the content of two chunks, as far as they are there.
Result<void> BodyReader::read_line(ByteView& in) {
  std::size_t taken = 0;
  while (taken < in.size() && state_ != State::data && state_ != State::trailers) {
    const char* wrong = take_octet(in[taken++]);
    if (wrong != nullptr) return bad_chunk(wrong);
  }
  in.remove_prefix(taken);
  return {};
}

// Null, or what is wrong with it.
const char* BodyReader::take_octet(char c) {
  switch (state_) {
    case State::data_cr: state_ = State::data_lf; return c == '\r' ? nullptr : "chunk: longer than its size";
    case State::data_lf:
      state_ = State::size;
      line_ = digits_ = 0;
      return c == '\n' ? nullptr : "chunk: CR without LF";
    case State::size_lf: return c == '\n' ? end_line() : "chunk line: CR without LF";
    default: break;
  }
  if (c == '\r' && state_ != State::blank && digits_ > 0) {
    state_ = State::size_lf;
    return nullptr;
  }
  if (++line_ > bounds_.chunk_line) return "chunk line: too long";
  switch (state_) {
    case State::size: return take_size_octet(c);
    case State::blank:
      if (c == ';') state_ = State::extension;
      return c == ';' || c == ' ' || c == '\t' ? nullptr : "chunk line: white space";
    default: ++overhead_; return is_control(c) ? "chunk extension: control character" : nullptr;
  }
}

const char* BodyReader::take_size_octet(char c) {
  const unsigned digit = hex_value(c);
  if (digit < 16) {
    if (++digits_ > 16) return "chunk size: too long";
    left_ = left_ << 4 | digit;
    return left_ >> 63 == 0 ? nullptr : "chunk size: too large";
  }
  if (digits_ == 0) return "chunk size: no digits";
  if (c == ';') {
    state_ = State::extension;
  } else if (c == ' ' || c == '\t') {
    state_ = State::blank;  // section 7.1.1 has white space before ';', and only there
  } else {
    return "chunk size: not a digit";
  }
  return nullptr;
}

const char* BodyReader::end_line() {
  if (overhead_ > max_overhead) return "chunk extensions: more than content";
  overhead_ -= static_cast<std::uint32_t>(std::min<std::uint64_t>(overhead_, left_));
  state_ = left_ == 0 ? State::trailers : State::data;
  return nullptr;
}

Result<bool> BodyReader::read_trailers(ByteView& in, http::Fields* trailers) {
  using Outcome = HeadScan::Outcome;
  if (in.empty()) return false;
  LineIndex index;
  const ScanLimits limits{bounds_.trailers, bounds_.trailers, bounds_.trailer_fields};
  const Outcome outcome = trailer_scan_.scan(in, 0, limits, index);
  if (outcome == Outcome::more) return false;
  if (outcome == Outcome::control) return bad_trailer("trailers: control character");
  if (outcome != Outcome::complete) return bad_trailer("trailers: too many");

  const ByteView section = in.substr(0, trailer_scan_.end());
  HeadLines lines(section, 0, trailer_scan_.indexed(), index);
  const char* wrong = parse_trailers(section, lines, bounds_.underscores, trailers);
  if (wrong != nullptr) return bad_trailer(wrong);
  in.remove_prefix(section.size());
  return true;
}

Result<void> BodyReader::end() const {
  if (state_ == State::done || state_ == State::until_close) return {};
  const Code code = sender_ == Side::client ? Code::body_incomplete : Code::response_incomplete;
  const char* where =
      state_ == State::fixed ? "it ended before all of its Content-Length had come" : "it ended before its last chunk";
  return fail(Error{.code = code, .side = sender_, .where = where});
}

std::unexpected<Error> BodyReader::bad_chunk(const char* where) const {
  const Code code = sender_ == Side::client ? Code::bad_chunk : Code::bad_response_chunk;
  return fail(Error{.code = code, .side = sender_, .where = where});
}

std::unexpected<Error> BodyReader::bad_trailer(const char* where) const {
  const Code code = sender_ == Side::client ? Code::bad_trailer : Code::bad_response_chunk;
  return fail(Error{.code = code, .side = sender_, .where = where});
}

}  // namespace sp::codec::h1
