// Transcripts: a test that plays one end of a connection, octet by octet.
//
//   Scripted client(loop, network.open(endpoint("192.0.2.1:80")));
//   client.send("GET / HTTP/1.1\r\nHost: a.test\r\n\r\n");
//   Scripted server = upstream.accept();
//   server.expect("GET / HTTP/1.1\r\n...");
//
// Each call runs the loop until nothing is ready any more, and does not move its clock. What is not as expected is a
// failure of the test at the place of the call, with the octets escaped.
#pragma once

#include <deque>
#include <memory>
#include <source_location>
#include <string>
#include <string_view>

#include "runtime/network.h"
#include "testing/fake_loop.h"
#include "testing/fake_network.h"

namespace sp::testing {

// Octets as a person can read them: \r \n \t \\ \" and \x7f; a new line after each \n.
std::string escaped(std::string_view octets);

class Scripted {
 public:
  using Here = std::source_location;
  // A null stream ("nobody listens") fails the test at the first use. The loop outlives it.
  Scripted(FakeLoop& loop, std::unique_ptr<runtime::Stream> stream) : loop_(&loop), stream_(std::move(stream)) {}
  Scripted(Scripted&&) = default;
  Scripted& operator=(Scripted&&) = default;

  // Writes all of it; fails if the other side does not take it.
  void send(std::string_view octets, Here here = Here::current());
  // As many octets as it can write: for tests of backpressure. Returns their number.
  std::size_t send_some(std::string_view octets, Here here = Here::current());
  // "I have sent everything."
  void finish(Here here = Here::current());
  // Closes; with reset() the other side sees a broken connection.
  void close();
  void reset();

  // The next octets are these.
  void expect(std::string_view octets, Here here = Here::current());
  // Nothing has come, neither octets nor an end.
  void expect_nothing(Here here = Here::current());
  // The other side has finished sending, and has sent nothing more before that.
  void expect_end(Here here = Here::current());
  // The connection is broken. Octets that came before that are dropped.
  void expect_reset(Here here = Here::current());

  // Takes what has come: exactly `count` octets, everything up to and with `mark`, or all of it.
  std::string take(std::size_t count, Here here = Here::current());
  std::string take_until(std::string_view mark, Here here = Here::current());
  std::string take_all();

  bool open() const { return stream_ != nullptr; }
  // From now on somebody else speaks on it.
  std::unique_ptr<runtime::Stream> release() { return std::move(stream_); }
  runtime::Stream& stream() { return *stream_; }
  FakeLoop& loop() { return *loop_; }

 private:
  enum class State : std::uint8_t { open, ended, broken };
  // Reads until nothing comes any more.
  void receive();
  bool usable(const Here& here) const;
  void failure(std::string_view what, const Here& here) const;

  FakeLoop* loop_;
  std::unique_ptr<runtime::Stream> stream_;
  std::string received_;
  State state_ = State::open;
};

// A server whose connections the test plays.
class ScriptedServer {
 public:
  ScriptedServer(FakeLoop& loop, FakeNetwork& network, const Endpoint& at);
  // The connection that came first and was not taken yet; fails the test, and is not open, if there is none.
  Scripted accept(Scripted::Here here = Scripted::Here::current());
  // Connections that wait to be accepted, after running the loop.
  std::size_t waiting();
  std::size_t accepted() const { return accepted_; }
  // From now on it is refused to connect.
  void stop() { listener_.reset(); }

 private:
  FakeLoop& loop_;
  std::deque<runtime::Accepted> queue_;
  std::size_t accepted_ = 0;
  std::unique_ptr<runtime::Listener> listener_;
};

}  // namespace sp::testing
