// Peers that speak HTTP/2 with a gate, in transcripts: clients in clear text, and servers.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "codec/h2/peers_for_tests.h"
#include "proxy/transcript_for_tests.h"

namespace sp::proxy {

// A gate whose clients speak HTTP/2 in clear text, before one server.
inline std::string h2c_gate(std::string_view to = "http://10.0.0.1:8000", std::string_view more = {}) {
  return joined(
      {"inbound:\n- listen: [ \"h2c://:80\" ]\n  sites:\n  - hosts: [ a.test ]\n    routes:\n    - { path: /, to: \"",
       to, "\" }\n", more});
}

class H2Peer : private codec::h2::Connection::Owner {
 public:
  using Stream = codec::h2::LoggedStream;
  H2Peer(Gate& gate, Scripted connected, codec::h2::Role role, std::uint32_t most_streams = 100,
         const codec::Limits& limits = {})
      : gate_(gate), wire(std::move(connected)), connection(*this, {role, most_streams, 65535, 65535, limits}) {
    exchange();
  }

  // Sends what there is, and takes what has come, until nothing moves any more.
  void exchange() {
    for (bool moved = true; moved;) {
      moved = false;
      std::string room(std::size_t{1} << 20, 0);
      auto produced = connection.produce(room);
      if (produced && *produced != 0) {
        wire.send(std::string_view(room).substr(0, *produced));
        moved = true;
      }
      const std::string came = wire.take_all();
      if (came.empty()) continue;
      moved = true;
      for (std::string_view rest = came; !rest.empty();) {
        auto taken = connection.receive(rest, gate_.loop.now());
        if (!taken) log.add("error " + std::string(name(taken.error().code)));
        rest.remove_prefix(taken.value_or(rest.size()));
      }
    }
  }

  // As a client: a request without content, or with what `content` says.
  Stream& request(std::string_view method, std::string_view target, const http::Fields* fields = nullptr,
                  std::string content = {}, std::string_view upgrade = {}) {
    streams_.push_back(std::make_unique<Stream>(log));
    Stream& stream = *streams_.back();
    http::RequestHead head(arena_);
    head.method_text = method;
    head.method = http::method_of(method);
    head.upgrade = upgrade;
    if (fields != nullptr) {
      for (const http::Field& field : *fields) head.fields.add(field);
    }
    const bool ended = content.empty() && upgrade.empty();
    stream.to_send = std::move(content);
    stream.last = upgrade.empty();
    EXPECT_TRUE(connection.request(stream, head, scheme, authority, target, ended));
    stream.number = stream.id();
    exchange();
    return stream;
  }
  // As a server: the request that came as the n-th.
  Stream& came(std::size_t n = 0) {
    exchange();
    EXPECT_LT(n, streams_.size());
    return *streams_.at(n);
  }
  std::size_t requests() const { return streams_.size(); }
  void respond(Stream& stream, std::uint16_t status, std::string content) {
    http::ResponseHead head(arena_);
    head.status = status;
    const bool ended = content.empty();
    stream.to_send = std::move(content);
    EXPECT_TRUE(connection.respond(stream, head, ended));
    exchange();
  }
  // Says something that does not come yet when the gate closes the connection: this must not become a reset, which
  // takes with it what the gate has sent.
  void speak_too_late() {
    static_cast<testing::PipeStream&>(wire.stream()).stall(true);
    wire.send(codec::h2::frames::ping());
  }
  void expect_end_without_reset() {
    gate_.loop.advance(std::chrono::seconds(1));
    static_cast<testing::PipeStream&>(wire.stream()).stall(false);
    exchange();
    wire.expect_end();
  }
  // What happened since the last time.
  std::string story() {
    exchange();
    return log.take();
  }

 private:
  codec::h2::Stream* stream_begins() override {
    streams_.push_back(std::make_unique<Stream>(log));
    return streams_.back().get();
  }

  Gate& gate_;
  Arena arena_;

 public:
  codec::h2::Log log;
  Scripted wire;
  std::string authority = "a.test", scheme = "http";

 public:
  codec::h2::Connection connection;

 private:
  std::vector<std::unique_ptr<Stream>> streams_;  // they end before their connection
};

}  // namespace sp::proxy
