#include "proxy/h1/body.h"

#include <algorithm>

#include "runtime/loop.h"

namespace sp::proxy {

using runtime::Loop;

namespace {

// Chunks that are shorter are moved together: each by itself would be a write, and six octets are all that its sender
// needs for it.
constexpr std::uint64_t short_chunk = 4096;
// No more than this of what was received becomes one piece, since the share of a turn counts pieces and content alone.
constexpr std::ptrdiff_t most_gathered = Buffer::small;

}  // namespace

void H1Body::start(runtime::Stream& stream, const codec::h1::Framing& framing, const Options& options) {
  stream_ = &stream;
  framing_ = framing;
  options_ = options;
  taken_ = 0;
  ended_ = false;
  acknowledged_ = interrupted_ = came_in_bulk_ = false;
  decoder_.start(framing);
}

std::uint64_t H1Body::remaining() const {
  if (complete()) return 0;
  if (framing_.kind != codec::h1::Framing::Kind::length) return std::numeric_limits<std::uint64_t>::max();
  return framing_.length - taken_;
}

Result<ByteView> H1Body::decode(ByteView& in) {
  SP_TRY_PLAIN(const codec::h1::BodyReader::Step step, decoder_.next(in, options_.trailers));
  auto counted = count(step.data.size());
  if (!counted) return fail(counted.error());
  return step.data;
}

// The next content, with that of short chunks behind it.
Result<ByteView> H1Body::gather(Buffer& from, ByteView& in) {
  SP_TRY_PLAIN(ByteView piece, decode(in));
  const auto short_one_follows = [&] {
    return !in.empty() && decoder_.contiguous() != 0 && decoder_.contiguous() <= short_chunk;
  };
  while (short_one_follows() && in.data() - piece.data() < most_gathered) {
    SP_TRY_PLAIN(const ByteView more, decode(in));
    piece = from.join(piece, more);
  }
  return piece;
}

// The next content of what has been received: empty if more octets are needed (or at the end).
Result<ByteView> H1Body::next() {
  Buffer& from = head_.empty() ? body_ : head_;
  ByteView in = from.view();
  auto piece = gather(from, in);
  from.keep(in);  // what is refused has been taken as well: the next request is behind it
  return piece;
}

Result<void> H1Body::count(std::size_t octets) {
  taken_ += octets;
  if (taken_ > options_.limit) return fail({.code = Code::body_too_large, .side = sender_, .where = "max_body"});
  return {};
}

// The connection ended: perhaps that is the end of the content.
Result<void> H1Body::end() {
  auto ended = decoder_.end();
  if (!ended) return fail(ended.error());
  // RFC 9112 section 9.8: without a close_notify nobody knows whether this was all.
  if (!stream_->clean_end()) return fail(broken(Code::upstream_closed));
  ended_ = true;
  return {};
}

// Many send the head and the content in two writes.
void H1Body::acknowledge() {
  if (!acknowledged_) stream_->acknowledge();
  acknowledged_ = true;
}

Result<ByteView> H1Body::buffered() {
  if (complete() || (head_.empty() && body_.empty())) return ByteView{};
  return next();
}

runtime::Task<Result<ByteView>> H1Body::read() {
  while (!complete()) {
    if (interrupted_) co_return fail(broken(Code::cancelled));
    if (!head_.empty() || !body_.empty()) {
      auto piece = next();
      if (!piece) co_return fail(piece.error());
      if (!piece->empty() || decoder_.done()) co_return *piece;
    }
    if (!head_.empty()) {  // the beginning of a trailer section: what completes it must come behind it, in the other
                           // buffer
      body_.append(head_.view());
      head_.consume(head_.view().size());
    }
    const std::size_t want = room_wanted();
    if (body_.empty() && body_.capacity() < want) body_.release();
    if (!body_.empty()) body_.make_room(body_.view().size() + 1024);
    std::span<char> room = body_.room(want);
    runtime::TimePoint deadline = options_.pace.deadline(Loop::current().now());
    acknowledge();
    auto operation = stream_->read(room, deadline);
    waiting_ = &operation;
    auto got = co_await operation;
    waiting_ = nullptr;
    if (!got && got.error().code != Code::timeout) co_return fail(broken(got.error().code));
    std::size_t bytes = got ? *got : 0;
    came_in_bulk_ = bytes == room.size() && bytes >= Buffer::large;
    body_.filled(bytes);
    if (got && bytes == 0) {
      SP_CHECK(end());
      co_return ByteView{};
    }
    if (!options_.pace.moved(Loop::current().now(), bytes)) co_return fail(timed_out());
  }
  co_return ByteView{};
}

// What fills a large buffer at once comes faster than it is read: with less calls it is cheaper.
std::size_t H1Body::room_wanted() const {
  if (remaining() <= Buffer::small) return Buffer::small;
  const bool much = came_in_bulk_ && remaining() >= Buffer::huge && Buffer::huge_is_to_be_had();
  return much || body_.capacity() == Buffer::huge ? Buffer::huge : Buffer::large;
}

// Without a length nobody knows what is still to come: as much as came before is a good guess.
std::uint64_t H1Body::passable() const {
  using Kind = codec::h1::Framing::Kind;
  if (complete() || !head_.empty() || !body_.empty() || stream_->plain_descriptor() < 0) return 0;
  if (framing_.kind == Kind::length) return decoder_.contiguous();
  return framing_.kind == Kind::until_close && taken_ >= Buffer::large ? decoder_.contiguous() : 0;
}

runtime::Task<Result<std::size_t>> H1Body::pass_into(runtime::Pipe& pipe) {
  body_.release();  // it is empty
  acknowledge();
  for (;;) {
    if (interrupted_) co_return fail(broken(Code::cancelled));
    const auto most = std::min<std::uint64_t>(decoder_.contiguous(), pipe.capacity());
    runtime::TimePoint deadline = options_.pace.deadline(Loop::current().now());
    runtime::ReadInto operation(*stream_, pipe, static_cast<std::size_t>(most), deadline);
    waiting_ = &operation;
    auto got = co_await operation;
    waiting_ = nullptr;
    if (!got && got.error().code != Code::timeout) co_return fail(broken(got.error().code));
    if (got && *got == 0) {
      SP_CHECK(end());
      co_return std::size_t{0};
    }
    const std::size_t octets = got ? *got : 0;
    if (!options_.pace.moved(Loop::current().now(), octets)) co_return fail(timed_out());
    if (octets == 0) continue;
    decoder_.skip(octets);
    SP_CHECK(count(octets));
    co_return octets;
  }
}

void H1Body::finish() {
  if (!body_.empty()) head_.append(body_.view());
  body_.release();
}

Error H1Body::timed_out() const {
  if (sender_ == Side::client)
    return {.code = Code::body_too_slow, .side = sender_, .where = "reading the request body"};
  return {.code = Code::response_body_timeout, .side = sender_, .where = "reading the response body"};
}

// What a failed read means depends on who was to send.
Error H1Body::broken(Code code) const {
  const char* detail = "reading the body";
  if (code == Code::upstream_reset) detail = "the connection was reset";
  if (code == Code::upstream_closed) detail = "TLS was cut off: the other side did not say that this was all";
  if (code == Code::upstream_reset || code == Code::io_error || code == Code::upstream_closed) {
    code = sender_ == Side::client ? Code::client_closed : Code::response_incomplete;
  }
  return {.code = code, .side = sender_, .where = detail};
}

}  // namespace sp::proxy
