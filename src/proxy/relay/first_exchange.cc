#include "proxy/relay/first_exchange.h"

#include <algorithm>

#include "codec/proxy_protocol/reaction.h"
#include "proxy/proxy_header.h"

namespace sp::proxy {
namespace {

template <std::size_t N>
void keep(ByteView octets, std::array<char, N>& room, std::uint16_t& size) {
  const std::size_t n = std::min(octets.size(), room.size() - size);
  std::ranges::copy(octets.substr(0, n), room.data() + size);
  size = static_cast<std::uint16_t>(size + n);
}

void count(ByteView octets, std::uint32_t& all) {
  all += static_cast<std::uint32_t>(std::min<std::size_t>(octets.size(), 1 << 20));
}

}  // namespace

bool FirstExchange::note_client(ByteView octets) {
  count(octets, client_octets_);
  if (client_size_ == client_.size()) return true;
  keep(octets, client_, client_size_);
  const ByteView begin(client_.data(), client_size_);
  return !rules_.client_may_not_send || !begins_with_proxy_header(begin);
}

// What the server says once the client has spoken may be about that.
void FirstExchange::note_server(ByteView octets) {
  count(octets, server_octets_);
  if (client_octets_ == 0) keep(octets, server_, server_size_);
}

void FirstExchange::note_end(bool by_client) {
  if (ended_ == Ended::nobody) ended_ = by_client ? Ended::client_first : Ended::server_first;
}

FirstExchange::Verdict FirstExchange::verdict() const {
  using codec::proxy_protocol::Reaction;
  const auto said = codec::proxy_protocol::what_server_said({server_.data(), server_size_});
  if (rules_.header_sent && said.reaction == Reaction::took_for_command) return {Code::proxy_not_expected, said.line};
  if (server_octets_ != 0 || ended_ != Ended::server_first) {
    // Postfix says so for want of a header; a client that is not wanted for another reason hears 554.
    const bool turned_away = said.reaction == Reaction::refused && said.line.starts_with("421") && !rules_.header_sent;
    return turned_away ? Verdict{Code::proxy_expected, said.line} : Verdict{};
  }
  if (rules_.header_sent) return {Code::proxy_peer_unlisted, {}};
  return rules_.server_speaks_first && client_octets_ == 0 ? Verdict{Code::proxy_expected, {}} : Verdict{};
}

}  // namespace sp::proxy
