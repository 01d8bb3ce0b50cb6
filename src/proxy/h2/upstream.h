// A connection to a server that speaks HTTP/2: shared by the exchanges of its worker, each of which has a stream.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/intrusive_list.h"
#include "proxy/h2/connection.h"
#include "proxy/server_pool.h"
#include "runtime/scope.h"
#include "runtime/wait.h"

namespace sp::proxy {

struct Exchange;
class H2UpstreamStream;
class Worker;

class H2Upstream final : public ListHook,
                         public std::enable_shared_from_this<H2Upstream>,
                         private codec::h2::Connection::Owner {
 public:
  struct Settings {
    std::shared_ptr<void> context;  // what the stream needs to live: its TLS context
    std::string address;            // that was connected to
    std::string sni;                // see H1Upstream
    // Others wait for it, until the server has said how many streams it allows.
    std::unique_ptr<ServerPool::Making> awaited;
    codec::Limits limits;
    runtime::Duration keep_alive, body_idle;
  };
  // Throws std::bad_alloc.
  H2Upstream(Worker& worker, std::unique_ptr<runtime::Stream> stream, Settings settings);
  ~H2Upstream() override;

  // Until the connection is over and nobody uses it any more.
  static runtime::Task<void> run(std::shared_ptr<H2Upstream> self);

  // Whether another exchange can have a stream.
  bool has_room() const;
  // Larger heads may be the end of the connection, with everybody's requests on it: NGINX does not say how large they
  // may be, and answers larger ones so. As head_size() counts.
  std::uint64_t most_head() const { return std::min(most_shared_head, connection_.codec.most_head()); }
  static constexpr std::uint64_t most_shared_head = 8192;
  // The size of the exchange's head by RFC 9113 section 6.5.2, or a little more.
  static std::uint64_t head_size(const Exchange& exchange);
  bool unused() const { return streams_.empty(); }
  // It was made for such a head: nobody else gets it.
  bool alone() const { return alone_; }
  bool knows_tunnels() const { return connection_.codec.knows_extended_connect(); }
  // Its first SETTINGS have come, or it has ended. For the one exchange that the connection was made for: others do not
  // get it before that.
  runtime::Event& settled() { return settings_came_; }
  std::string_view sni() const { return settings_.sni; }
  std::string_view address_text() const { return settings_.address; }
  H2Connection& connection() { return connection_; }
  std::uint32_t served() const { return served_; }
  // Nobody gets it any more; it ends when nobody has it.
  void drain();

  // ---- for its streams ----
  void enter(H2UpstreamStream& stream);
  void leave(H2UpstreamStream& stream);

 private:
  codec::h2::Stream* stream_begins() override { return nullptr; }  // a server begins none
  void going_away(std::int32_t last) override;
  void settings_read() override;
  runtime::Task<void> read();
  void lose_streams();
  runtime::Task<void> end();
  void keep_alone_for(const H2UpstreamStream& stream);
  static void aborted(void* self, Code why) { static_cast<H2Upstream*>(self)->connection_.abort(why); }

  Worker& worker_;
  Settings settings_;
  std::unique_ptr<runtime::Stream> stream_;
  runtime::Scope writer_scope_;
  H2Connection connection_;
  std::vector<H2UpstreamStream*> streams_;
  runtime::TimePoint idle_since_;
  runtime::Event unused_;  // the last stream has left
  Error failure_{.code = Code::ok};
  std::uint32_t served_ = 0;
  runtime::Event settings_came_;
  bool settled_ = false;  // the server's first SETTINGS have come
  bool draining_ = false;
  bool alone_ = false;
  runtime::CancelCallback on_cut_{&H2Upstream::aborted, this};
};

}  // namespace sp::proxy
