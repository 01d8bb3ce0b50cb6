#include "runtime/pipe.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <optional>
#include <vector>

#include "runtime/scope.h"
#include "testing/real_sockets.h"

namespace sp::runtime {
namespace {

using testing::noise;
using testing::RealLoop;
using testing::tcp_pair;
using testing::TcpPair;

class Pipes : public ::testing::Test {
 protected:
  void SetUp() override { Pipe one = Pipe::take(); }  // so that one is kept
  void TearDown() override { EXPECT_EQ(Pipe::in_use(), 0u); }

  // So many octets into the pipe, waited for.
  Task<void> fill(Pipe& pipe, std::size_t most) {
    ReadInto operation(*source.near, pipe, most, never);
    filled = co_await operation;
  }
  Task<void> fill_with(Pipe& pipe, std::string text) {
    std::size_t written = 0;
    co_await testing::send_all(*source.far, text, written);
    co_await fill(pipe, text.size());
  }
  RealLoop world;
  TcpPair source = tcp_pair(world.loop), sink = tcp_pair(world.loop);
  std::optional<Result<std::size_t>> filled;
};

// In a child of its own: what is forbidden stays forbidden.
TEST(PipesOfTheSystem, are_not_used_where_splicing_is_forbidden) {
  ASSERT_TRUE(Pipe::system_can_splice());
  const pid_t child = fork();
  if (child == 0) {
    sock_filter rules[] = {BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
                           BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_splice, 0, 1),
                           BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
                           BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
    const sock_fprog program{.len = 4, .filter = rules};
    const bool forbidden =
        prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
    _exit(!forbidden ? 2 : Pipe::system_can_splice() ? 1 : 0);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST_F(Pipes, go_back_when_they_are_empty) {
  const std::size_t kept = Pipe::kept();
  {
    Pipe pipe = Pipe::take();
    ASSERT_TRUE(pipe.has_value());
    EXPECT_GE(pipe.capacity(), Pipe::least_capacity);
    EXPECT_EQ(Pipe::in_use(), 1u);
    EXPECT_EQ(Pipe::kept(), kept - 1);
    Pipe moved = std::move(pipe);
    EXPECT_TRUE(moved.has_value());
    EXPECT_EQ(Pipe::in_use(), 1u);
  }
  EXPECT_EQ(Pipe::kept(), kept);
}

TEST_F(Pipes, that_hold_something_are_thrown_away) {
  const std::size_t kept = Pipe::kept();
  {
    Pipe pipe = Pipe::take();
    world.run(fill_with(pipe, "secret"));
    EXPECT_EQ(pipe.held(), 6u);
  }
  EXPECT_EQ(Pipe::kept(), kept - 1);
}

TEST_F(Pipes, are_bounded_in_number) {
  std::vector<Pipe> all;
  all.reserve(Pipe::most_in_use);
  for (std::size_t i = 0; i < Pipe::most_in_use; ++i) all.push_back(Pipe::take());
  EXPECT_TRUE(all.back().has_value());
  EXPECT_FALSE(Pipe::take().has_value());
  all.clear();
  EXPECT_EQ(Pipe::kept(), Pipe::most_kept);
  EXPECT_TRUE(Pipe::take().has_value());
}

TEST_F(Pipes, are_missed_by_nobody_where_descriptors_ran_out) {
  std::vector<Pipe> kept;
  while (Pipe::kept() != 0) kept.push_back(Pipe::take());
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
  const rlimit none{.rlim_cur = 0, .rlim_max = before.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);
  const bool got = Pipe::take().has_value();
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
  EXPECT_FALSE(got);
  EXPECT_EQ(Pipe::in_use(), kept.size());
}

TEST_F(Pipes, carry_octets_unchanged_and_in_pieces) {
  Pipe pipe = Pipe::take();
  world.run(fill_with(pipe, "abcdef"));
  ASSERT_TRUE(filled && *filled);
  EXPECT_EQ(**filled, 6u);
  EXPECT_EQ(sink.near->try_write_from(pipe).bytes, 6u);
  EXPECT_EQ(pipe.held(), 0u);
  char got[8];
  EXPECT_EQ(sink.far->try_read(got).bytes, 6u);
  EXPECT_EQ(std::string_view(got, 6), "abcdef");
}

// What was there before the end, then the end.
TEST_F(Pipes, tell_the_end_of_a_connection) {
  Pipe pipe = Pipe::take();
  EXPECT_EQ(source.far->try_finish().status, IoStatus::done);
  world.run(fill(pipe, 100));
  ASSERT_TRUE(filled && *filled);
  EXPECT_EQ(**filled, 0u);
}

TEST_F(Pipes, tell_that_a_connection_broke) {
  Pipe pipe = Pipe::take();
  source.far->reset_on_close();
  source.far.reset();
  world.run(fill(pipe, 100));
  ASSERT_TRUE(filled.has_value());
  ASSERT_FALSE(filled->has_value());
  EXPECT_EQ(filled->error().code, Code::upstream_reset);
}

TEST_F(Pipes, serve_no_stream_that_was_aborted) {
  Pipe pipe = Pipe::take();
  source.near->abort(Code::cancelled);
  EXPECT_EQ(source.near->try_read_into(pipe, 1).code, Code::cancelled);
  EXPECT_EQ(source.near->try_write_from(pipe).code, Code::cancelled);
}

// A fill that took less than it might is no sign that the socket is empty: what it leaves must not wait for an edge.
TEST_F(Pipes, leave_readiness_as_it_is_after_a_short_fill) {
  Pipe pipe = Pipe::take();
  world.run(fill_with(pipe, "abcdef"));
  EXPECT_EQ(sink.near->try_write_from(pipe).bytes, 6u);
  EXPECT_EQ(source.near->try_read({}).status, IoStatus::done);
  EXPECT_EQ(source.near->try_read_into(pipe, 100).status, IoStatus::would_block);
  EXPECT_EQ(source.near->try_read({}).status, IoStatus::would_block);
}

}  // namespace
}  // namespace sp::runtime
