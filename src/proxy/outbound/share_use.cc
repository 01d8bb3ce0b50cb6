#include "proxy/outbound/share_use.h"

#include <chrono>

namespace sp::proxy {

using runtime::Task;

// Both are told, whatever the first says.
Code ShareUse::settle() {
  if (owed_ == 0 || !counts_octets()) return Code::ok;
  const auto today = std::chrono::floor<std::chrono::days>(loop_.wall_clock());
  const bool user = held_.user.spend(owed_, today);
  const bool destination = held_.destination.spend(owed_, today);
  owed_ = 0;
  if (!user) return Code::user_bytes;
  return destination ? Code::ok : Code::destination_bytes;
}

Result<void> CountedBody::count(std::uint64_t octets) {
  const Code code = share_.spend(octets);
  if (code != Code::ok) return fail({.code = code, .side = Side::client, .where = "bytes"});
  return {};
}

Task<Result<ByteView>> CountedBody::read() {
  auto piece = co_await content_.read();
  if (!piece) co_return fail(piece.error());
  SP_CHECK(count(piece->size()));
  co_return *piece;
}

Result<ByteView> CountedBody::buffered() {
  SP_TRY_PLAIN(ByteView piece, content_.buffered());
  const auto counted = count(piece.size());
  if (!counted) return fail(counted.error());
  return piece;
}

Task<Result<std::size_t>> CountedBody::pass_into(runtime::Pipe& pipe) {
  auto octets = co_await content_.pass_into(pipe);
  if (!octets) co_return fail(octets.error());
  SP_CHECK(count(*octets));
  co_return *octets;
}

}  // namespace sp::proxy
