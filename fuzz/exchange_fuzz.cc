// A whole gate between two peers that say what the fuzzer says. The octets are a script: each step is one octet that
// says who does what, and what it says. Whatever it is, every session must come to its end, and no assertion may fail.
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <tuple>

#include "base/assert.h"
#include "testing/gate/gate.h"

namespace {

using namespace sp;
using testing::Gate;

void expect(bool condition) {
  if (!condition) std::abort();
}

// As much as can be written now; the rest is lost.
void say(runtime::Stream* stream, std::string_view octets) {
  if (stream == nullptr || octets.empty()) return;
  const iovec piece{const_cast<char*>(octets.data()), octets.size()};
  std::ignore = stream->try_write({&piece, 1});
}

void drop_what_came(runtime::Stream* stream) {
  if (stream == nullptr) return;
  char buffer[4096];
  while (stream->try_read(buffer).status == runtime::IoStatus::done) {
  }
}

// The client and the server, played from one script.
class Play {
 public:
  explicit Play(std::string_view script) : script_(script) {
    listener_ = gate_.network.listen(testing::endpoint(testing::default_server),
                                     [this](runtime::Accepted accepted) { server_ = std::move(accepted.stream); });
    client_ = gate_.network.open(testing::endpoint("192.0.2.80:80"));
  }

  void run() {
    while (!script_.empty()) {
      step(static_cast<unsigned char>(take(1).front()));
      gate_.loop.settle();
      drop_what_came(client_.get());
      drop_what_came(server_.get());
    }
    client_.reset();
    gate_.loop.settle();
    server_.reset();
    expect(gate_.loop.run_until([&] { return gate_.worker().sessions() == 0; }));
    expect(failed_assertions() == 0);
  }

 private:
  std::string_view take(std::size_t count) {
    const std::string_view taken = script_.substr(0, count);
    script_.remove_prefix(taken.size());
    return taken;
  }
  // A request and a response that are well formed, so that the fuzzer need not find them, and raw octets behind them.
  void step(unsigned char what) {
    const std::size_t size = what >> 3;
    switch (what & 7) {
      case 0: say(client_.get(), "GET / HTTP/1.1\r\nHost: a.test\r\n\r\n"); break;
      case 1: say(client_.get(), "POST / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n"); break;
      case 2: say(server_.get(), "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"); break;
      case 3: say(client_.get(), take(size * 4)); break;
      case 4: say(server_.get(), take(size * 4)); break;
      case 5: gate_.loop.advance(std::chrono::milliseconds(size * 500)); break;
      case 6: end(client_, size); break;
      case 7: end(server_, size); break;
    }
  }
  static void end(std::unique_ptr<runtime::Stream>& stream, std::size_t how) {
    if (stream == nullptr) return;
    if (how % 3 == 0) {
      std::ignore = stream->try_finish();
      return;
    }
    if (how % 3 == 1) stream->reset_on_close();
    stream.reset();
  }

  std::string_view script_;
  Gate gate_;
  std::unique_ptr<runtime::Stream> client_, server_;
  std::unique_ptr<runtime::Listener> listener_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Play(std::string_view(reinterpret_cast<const char*>(data), size)).run();
  return 0;
}
