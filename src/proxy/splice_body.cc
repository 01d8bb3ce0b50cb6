#include "proxy/splice_body.h"

#include "proxy/fair_share.h"
#include "runtime/loop.h"
#include "runtime/pipe.h"

namespace sp::proxy {
namespace {

using runtime::Loop;
using runtime::Pipe;
using runtime::Stream;
using runtime::Task;

// Below it a read and a write are as good.
constexpr std::uint64_t worth_a_pipe = 64 * 1024;

// As write_all(): at the receiver's pace.
Task<Result<void>> write_pipe(Stream& to, Pipe& pipe, Pace& pace, std::uint64_t& sent) {
  while (pipe.held() != 0) {
    runtime::WriteFrom operation(to, pipe, pace.deadline(Loop::current().now()));
    auto written = co_await operation;
    if (!written && written.error().code != Code::timeout) co_return fail(written.error());
    const std::size_t octets = written ? *written : 0;
    sent += octets;
    if (pipe.held() != 0 && !pace.moved(Loop::current().now(), octets)) co_return fail(Code::timeout, "splice");
  }
  co_return Result<void>{};
}

}  // namespace

bool worth_splicing(const BodySource& body, const Stream& to) {
  return to.plain_descriptor() >= 0 && body.passable() >= worth_a_pipe;
}

Task<Result<void>> splice_body(BodySource& body, Stream& to, Pace& pace, std::uint64_t& sent) {
  Pipe pipe = Pipe::take();
  FairShare share;
  while (pipe.has_value() && !body.complete()) {
    SP_TRY(std::size_t octets, co_await body.pass_into(pipe));
    SP_CHECK(co_await write_pipe(to, pipe, pace, sent));
    if (share.used_up(octets)) co_await let_others_run();
  }
  co_return Result<void>{};
}

}  // namespace sp::proxy
