#include "proxy/h1/splice_body.h"

#include "proxy/write_all.h"
#include "runtime/pipe.h"

namespace sp::proxy {
namespace {

using runtime::Pipe;
using runtime::Stream;
using runtime::Task;

// Below it a read and a write are as good.
constexpr std::uint64_t worth_a_pipe = std::uint64_t{64} * 1024;

}  // namespace

bool worth_splicing(const BodySource& body, const Stream& to) {
  return to.plain_descriptor() >= 0 && body.passable() >= worth_a_pipe;
}

Task<Result<void>> splice_body(BodySource& body, Stream& to, Pace& pace, runtime::FairShare& share,
                               std::uint64_t& sent) {
  Pipe pipe = Pipe::take();
  while (pipe.has_value() && !body.complete()) {
    SP_TRY(std::size_t octets, co_await body.pass_into(pipe));
    SP_CHECK(co_await write_all(to, pipe, pace, sent));
    co_await share.spend(runtime::FairShare::piece + octets);
  }
  co_return Result<void>{};
}

}  // namespace sp::proxy
