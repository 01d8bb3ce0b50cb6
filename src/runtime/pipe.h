// A pipe of the kernel as a buffer that octets pass through without being copied: from a socket into it, from it into
// another socket (splice(2)). Each thread keeps a few.
#pragma once

#include <cstddef>
#include <utility>

#include "runtime/stream.h"

namespace sp::runtime {

class Pipe {
 public:
  // An empty one of this thread's. Without a value when so many are in use, or the system gives none: then octets are
  // copied.
  static Pipe take();

  Pipe() = default;
  Pipe(Pipe&& other) noexcept : ends_(std::exchange(other.ends_, {})), held_(std::exchange(other.held_, 0)) {}
  Pipe& operator=(Pipe&&) = delete;
  // An empty one goes back; octets that nobody took are closed with their pipe, so that no other connection gets them.
  ~Pipe();

  bool has_value() const { return ends_.in >= 0; }
  // Octets that are in it.
  std::size_t held() const { return held_; }
  // The most that one fill() takes.
  std::size_t capacity() const { return ends_.capacity; }

  // Only while it is empty: otherwise nobody could say whether it is the pipe or the socket that would block. Takes at
  // most `most` octets from the socket; `end` when its peer has finished sending. Fewer than `most` do not mean that
  // no more are there.
  IoResult fill(int socket, std::size_t most);
  // Gives the socket as much as it takes; fewer than held() mean that it takes no more now. The process must ignore
  // SIGPIPE: splice knows no MSG_NOSIGNAL.
  IoResult drain(int socket);

  // Both ends, and how much goes in.
  struct Ends {
    int out = -1, in = -1;
    std::size_t capacity = 0;
  };
  // Whether this system moves octets that way: some containers forbid it, some kernels do not know it for sockets.
  // Asked once by take(), which has no pipes then.
  static bool system_can_splice();
  // Of this thread: for tests.
  static std::size_t in_use();
  static std::size_t kept();
  // Of one thread. Each is two descriptors and, while it is full, a capacity's worth of the kernel's memory.
  static constexpr std::size_t most_in_use = 64, most_kept = 16;
  // Asked for; without privileges the system gives all pipes of a user 64 MiB in all, and smaller ones beyond it.
  static constexpr std::size_t wanted_capacity = std::size_t{256} * 1024;
  // With less in one go there is nothing to gain over copying.
  static constexpr std::size_t least_capacity = std::size_t{64} * 1024;

 private:
  explicit Pipe(Ends ends) : ends_(ends) {}
  Ends ends_;
  std::size_t held_ = 0;
};

// The operations of a Stream with a pipe, to be awaited like its read() and write(). Only where plain_descriptor() is
// one.
class ReadInto final : public Stream::Operation {
 public:
  ReadInto(Stream& stream, Pipe& pipe, std::size_t most, TimePoint until)
      : Operation(stream, Direction::read, until), pipe_(pipe), most_(most) {}
  // How many octets; 0: the peer has finished sending.
  Result<std::size_t> await_resume() const {
    if (result_.status == IoStatus::failed) return fail(result_.code, "splice");
    return result_.bytes;
  }

 private:
  IoResult attempt() override { return stream_.try_read_into(pipe_, most_); }
  Pipe& pipe_;
  std::size_t most_;
};

class WriteFrom final : public Stream::Operation {
 public:
  WriteFrom(Stream& stream, Pipe& pipe, TimePoint until) : Operation(stream, Direction::write, until), pipe_(pipe) {}
  // How many octets of what the pipe holds, at least one.
  Result<std::size_t> await_resume() const {
    if (result_.status == IoStatus::failed) return fail(result_.code, "splice");
    return result_.bytes;
  }

 private:
  IoResult attempt() override { return stream_.try_write_from(pipe_); }
  Pipe& pipe_;
};

}  // namespace sp::runtime
