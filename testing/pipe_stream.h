// A connection inside the test: two Streams joined by bounded buffers, driven by a FakeLoop. With a seed, reads and
// writes are cut at random and would_block comes when it need not, as between real hosts. Wakes come from the loop,
// never from inside a call of the other side.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <string>

#include "runtime/stream.h"
#include "testing/fake_loop.h"

namespace sp::testing {

struct PipeOptions {
  std::size_t capacity = std::size_t{64} * 1024;  // of each direction: what the two kernels would hold
  std::uint64_t seed = 0;                         // 0: every operation takes as much as there is
  unsigned delays_one_in = 0;                     // with a seed: so many writes are under way for up to...
  runtime::Duration longest_delay{0};             // ...that long; what is written behind one waits for it
  std::shared_ptr<const void> held;               // for as long as an end of the connection is there
};

class PipeStream;
struct PipePair {
  std::unique_ptr<PipeStream> a, b;
};
// Both streams and the loop: the loop outlives the streams; the streams may be destroyed in any order.
PipePair make_pipe(FakeLoop& loop, PipeOptions options = {});

class PipeStream final : public runtime::Stream {
 public:
  ~PipeStream() override;

  runtime::IoResult try_read(std::span<char> into) override;
  runtime::IoResult try_peek(std::span<char> into) override;
  runtime::IoResult try_write(std::span<const iovec> pieces) override;
  void arm(runtime::Direction direction, runtime::IoWait& wait) override;
  void disarm(runtime::Direction direction) override;
  runtime::IoResult try_finish() override;
  void abort(Code why) override;
  void reset_on_close() override { reset_on_close_ = true; }
  void watch_hangup(const runtime::HangupWatch* watch) override;
  std::uint64_t sent() const override { return counts_.bytes_written; }
  bool may_have_arrived(std::uint64_t mark) const override { return out().read > mark; }

  // ---- what a test can see and do ----
  // Calls that would have been system calls: those that moved octets, and those that found none.
  struct Counts {
    unsigned reads = 0, writes = 0, blocked = 0;
    std::uint64_t bytes_written = 0;
  };
  Counts counts() const { return counts_; }
  std::size_t readable_bytes() const { return in().bytes.size(); }
  // Sees, and may change, everything that this side writes, after it was accepted.
  void tap_writes(std::function<void(std::string& octets)> tap) { tap_ = std::move(tap); }
  // While stalled, the other side does not see what this side writes (nor its end).
  void stall(bool stalled);
  // The network breaks the connection: both sides see a reset.
  void break_connection();

 private:
  friend PipePair make_pipe(FakeLoop& loop, PipeOptions options);
  struct Shared;
  // One direction.
  struct Channel {
    Channel(Shared& connection, int writer) : shared(connection), side(writer) {}
    Shared& shared;
    int side;  // that writes
    std::string bytes;
    std::uint64_t read = 0;  // octets that its reader has taken
    bool finished = false;   // FIN after `bytes`
    bool stalled = false;
    bool closed = false;  // its reader is gone
    runtime::Timer delay{&Channel::delayed, this};
    static void delayed(void* self);
    void wake_reader() const;
  };
  struct Shared {
    PipeOptions options;
    std::mt19937_64 random;
    Channel channels[2]{{*this, 0}, {*this, 1}};
    PipeStream* ends[2] = {nullptr, nullptr};
    bool reset = false;
  };
  // The wait of one direction: with its timer, and its place in the loop's queue once it may be woken.
  struct Slot {
    explicit Slot(PipeStream& stream) : owner(&stream) {}
    PipeStream* owner;
    runtime::IoWait* wait = nullptr;
    runtime::Timer timer{&Slot::timed_out, this};
    Deferred wake{&Slot::ready, this};
    static void timed_out(void* self) { static_cast<Slot*>(self)->end(Code::timeout); }
    static void ready(void* self);
    void end(Code why);
  };

  PipeStream(FakeLoop& loop, std::shared_ptr<Shared> shared, int side);
  Channel& in() const { return shared_->channels[1 - side_]; }
  Channel& out() const { return shared_->channels[side_]; }
  PipeStream* peer() const { return shared_->ends[1 - side_]; }
  Slot& slot(runtime::Direction d) { return d == runtime::Direction::read ? read_slot_ : write_slot_; }
  std::optional<runtime::IoResult> broken() const;
  bool hiccup();
  void maybe_delay();
  std::size_t cut(std::size_t most);
  bool can_read() const;
  bool can_write() const;
  void wake_if_ready();
  static void hung_up(void* self);

  FakeLoop& loop_;
  std::shared_ptr<Shared> shared_;
  int side_;
  Code aborted_ = Code::ok;
  bool reset_on_close_ = false;
  Counts counts_;
  std::function<void(std::string&)> tap_;
  const runtime::HangupWatch* watch_ = nullptr;
  Deferred hangup_{&PipeStream::hung_up, this};
  Slot read_slot_{*this}, write_slot_{*this};
};

}  // namespace sp::testing
