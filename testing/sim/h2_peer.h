// HTTP/2 as the actors of the simulation speak it: the codec's other side, over a stream of the simulation. What it
// says and what it holds back is the actor's choice; frames that no codec would send can be put in between.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "codec/h2/connection.h"
#include "runtime/scope.h"
#include "runtime/stream.h"
#include "runtime/task.h"
#include "runtime/wait.h"
#include "testing/sim/judge.h"
#include "testing/sim/story.h"

namespace sp::testing {

class SimH2Peer;

class SimH2Stream final : public codec::h2::Stream {
 public:
  explicit SimH2Stream(SimH2Peer& peer);
  ~SimH2Stream() override;

  bool post() const { return request.method == http::Method::post; }
  std::uint32_t number() const;  // 17 of the path "/17"
  Heard heard(std::uint32_t number) const { return {number, content_, whole}; }

  Arena arena;
  http::RequestHead request{arena};    // server: what came
  http::ResponseHead response{arena};  // client: the last one that came
  http::Fields received_trailers{arena}, trailers_to_send{arena};
  unsigned interim = 0;
  bool has_head = false;  // a final one
  bool whole = false;     // the message came to its end
  bool over = false;      // nothing comes any more, and nothing can be sent
  codec::h2::ErrorCode error = codec::h2::ErrorCode::no_error;

 private:
  friend class SimH2Peer;
  http::RequestHead* request_head() override { return &request; }
  http::ResponseHead* response_head() override;
  http::Fields* trailers() override { return &received_trailers; }
  void head_read(const Result<void>& fault, bool ended) override;
  void content(ByteView octets) override;
  void ended() override;
  void closed(codec::h2::ErrorCode why, bool by_peer) override;
  Offer offer(std::size_t most) override;
  void take(char* to, std::size_t octets) override;
  void is_over();

  SimH2Peer& peer_;
  std::string content_;
  std::size_t not_consumed_ = 0;  // the window stays closed by so much
  std::string to_send_;
  bool last_ = false;      // nothing comes behind that
  bool said_all_ = false;  // the codec has the end
  runtime::Event came_, sent_;
};

class SimH2Peer : private codec::h2::Connection::Owner {
 public:
  SimH2Peer(std::unique_ptr<runtime::Stream> stream, const codec::h2::Options& options, Dice& dice, const Story& story);

  codec::h2::Connection codec;

  // Reads and writes in tasks of that scope, until the connection is over.
  void start(runtime::Scope& scope);
  // Closes it, as the end of a process does: what was not read makes it a reset.
  void close();
  void reset();
  // Says that nothing more will be sent.
  runtime::Task<void> finish();
  bool over() const { return over_; }
  void send_soon() { wanted_.set(); }
  // Between two frames of the codec.
  void send_raw(std::string frames);
  void stop_reading_for(runtime::Duration time);
  // As long as there is a gate.
  runtime::Task<void> pause(runtime::Duration time);
  runtime::Task<void> pause_until(runtime::TimePoint until);
  // Everything that there was to say has left.
  runtime::Task<void> flush();
  // The other side has said what it allows (or is gone).
  runtime::Task<void> settled();

  // ---- client ----
  struct Question {
    std::uint32_t number = 0;
    std::string_view method = "GET";
    std::string_view protocol = {};  // of a tunnel
    http::BodySize size = {};
  };
  bool ask(SimH2Stream& stream, const Question& question);

  // ---- server ----
  // The next request whose head has come; null when the connection is over.
  runtime::Task<std::unique_ptr<SimH2Stream>> next_request();
  // So many of those that begin are refused.
  void refuse_one_in(std::size_t times) { refuse_one_in_ = times; }
  // False: that cannot be said any more. `ended`: no content follows.
  bool respond(SimH2Stream& stream, std::uint16_t status, http::BodySize size, bool ended);
  // The stream can be destroyed: what was said in whole is not taken back.
  void done_with(SimH2Stream& stream);

  // ---- content ----
  // Until the head of a response has come. False: none will.
  runtime::Task<bool> hear_head(SimH2Stream& stream);
  // Until everything has come, or none will any more. Windows open when they open.
  runtime::Task<void> hear(SimH2Stream& stream);
  enum class End : std::uint8_t { with_last, later };
  // In pieces with pauses. False: it was not taken.
  runtime::Task<bool> say(SimH2Stream& stream, std::string content, End end);
  void reset(SimH2Stream& stream, codec::h2::ErrorCode error);

 private:
  friend class SimH2Stream;
  codec::h2::Stream* stream_begins() override;
  void settings_read() override { settled_.set(); }
  runtime::Task<void> read();
  runtime::Task<void> write();
  void end();
  std::string produced();

  std::unique_ptr<runtime::Stream> stream_;
  Dice& dice_;
  const Story& story_;
  std::vector<SimH2Stream*> streams_;                  // all that there are, in the order in which they came to be
  std::vector<std::unique_ptr<SimH2Stream>> arrived_;  // that no actor has yet
  runtime::Event wanted_, flushed_, settled_, request_came_;
  runtime::TimePoint reads_from_{};
  std::string room_;  // of produced()
  std::string raw_;
  std::size_t refuse_one_in_ = 0;
  bool ending_ = false;  // what is to be sent is the last
  bool over_ = false;
};

// Longer than anything takes.
runtime::TimePoint sim_patience();

}  // namespace sp::testing
