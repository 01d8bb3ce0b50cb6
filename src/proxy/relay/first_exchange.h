// What the two ends of a connection that is passed on say first, for as long as it can show that somebody is mistaken
// about the PROXY protocol.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "base/bytes.h"
#include "base/code.h"
#include "base/slab.h"

namespace sp::proxy {

class FirstExchange : public Lasting {
 public:
  struct Rules {
    bool header_sent = false;          // the server was told who the client is
    bool server_speaks_first = false;  // in what is spoken on that port
    bool client_may_not_send = false;  // a header: others may, and this one is not one of them
  };
  explicit FirstExchange(Rules rules) : rules_(rules) {}

  // Octets of that side, on their way. False: the client has sent a header, which is not to reach the server.
  bool note_client(ByteView octets);
  void note_server(ByteView octets);
  // That side has said that it is done.
  void note_end(bool by_client);
  // Nothing more is to be learned.
  bool over() const { return client_octets_ + server_octets_ > most; }

  // What it all shows, now that the connection is over: proxy_not_expected, proxy_expected, proxy_peer_unlisted; ok
  // where nothing is wrong that is known. `detail` is what the server said, if it did, and is no longer than this
  // object.
  struct Verdict {
    Code code = Code::ok;
    ByteView detail;
  };
  Verdict verdict() const;

 private:
  static constexpr std::size_t most = 1024;  // of both sides
  std::array<char, 12> client_{};            // as long as a signature
  std::array<char, 240> server_{};
  std::uint16_t client_size_ = 0, server_size_ = 0;
  std::uint32_t client_octets_ = 0, server_octets_ = 0;
  enum class Ended : std::uint8_t { nobody, client_first, server_first };
  Ended ended_ = Ended::nobody;
  Rules rules_;
};

}  // namespace sp::proxy
