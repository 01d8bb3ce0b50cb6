// A network inside the test: endpoints that tests and the simulation register, connections that are pipes. Each
// endpoint can refuse, stay silent or be unreachable; with a seed, connections take their time, are cut into pieces and
// break.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/network.h"
#include "testing/fake_loop.h"
#include "testing/pipe_stream.h"

namespace sp::testing {

// "192.0.2.1:80", "[2001:db8::1]:80", "unix:/run/x.sock". Ends the program for anything else.
Endpoint endpoint(std::string_view text);

// What happens to whoever connects to an endpoint.
struct Behaviour {
  enum class Answer : std::uint8_t { accept, refuse, silence, unreachable, no_descriptors, not_found, forbidden };
  Answer answer = Answer::accept;
  runtime::Duration delay{0};  // before the answer
};

struct FakeNetworkOptions {
  std::uint64_t seed = 0;              // 0: everything happens at once and whole
  std::size_t capacity = 65'536;       // of each direction of a connection
  runtime::Duration longest_delay{0};  // with a seed: connections take up to that long to be made
  unsigned breaks_one_in = 0;          // with a seed: so many connections break, after up to...
  std::size_t breaks_within = 16'384;  // ...that many octets of one side
  unsigned delays_one_in = 0;          // with a seed: so many writes take up to longest_delay to arrive
};

// Outlives its listeners and connections.
class FakeNetwork final : public runtime::Network {
 public:
  explicit FakeNetwork(FakeLoop& loop, FakeNetworkOptions options = {});
  ~FakeNetwork() override;

  // ---- runtime::Network ----
  runtime::Task<Result<std::unique_ptr<runtime::Stream>>> connect(const Endpoint& to, runtime::TimePoint deadline,
                                                                  runtime::CancelToken& token) override;
  std::unique_ptr<runtime::Listener> serve(runtime::BoundSocket socket, runtime::Listener::OnAccept on_accept) override;

  // ---- what a test does ----
  // A socket for serve(), without a descriptor. One that is bound to 0.0.0.0 or [::] serves every address of its port.
  runtime::BoundSocket bind(const Endpoint& at);
  std::unique_ptr<runtime::Listener> listen(const Endpoint& at, runtime::Listener::OnAccept on_accept) {
    return serve(bind(at), std::move(on_accept));
  }
  void behave(const Endpoint& at, Behaviour behaviour) { behaviours_[at] = behaviour; }
  // A connection of a client, made at once whatever the behaviour is. Null if nobody listens.
  std::unique_ptr<PipeStream> open(const Endpoint& to, const Endpoint& from);
  std::unique_ptr<PipeStream> open(const Endpoint& to) { return open(to, next_client(to)); }
  // The endpoints that connect() was called for, in that order.
  const std::vector<Endpoint>& attempts() const { return attempts_; }
  // Connections of which an end is still held by somebody.
  std::size_t connections() const { return static_cast<std::size_t>(held_.use_count()) - 1; }

 private:
  class FakeListener;
  Behaviour behaviour_of(const Endpoint& at) const;
  FakeListener* listener_of(const Endpoint& at) const;
  Endpoint next_client(const Endpoint& to);
  void may_break(PipeStream& stream);

  FakeLoop& loop_;
  FakeNetworkOptions options_;
  std::mt19937_64 random_;
  std::map<Endpoint, Behaviour> behaviours_;
  std::map<Endpoint, FakeListener*> listeners_;
  std::vector<Endpoint> bound_, attempts_;
  std::uint16_t next_port_ = 40000;
  std::shared_ptr<const void> held_ = std::make_shared<int>();
};

// Names that tests make up. Literals are themselves; other names are dns_error.
class FakeResolver final : public runtime::Resolver {
 public:
  void set(std::string_view host, const std::vector<std::string_view>& addresses, runtime::Duration delay = {});
  void set_failure(std::string_view host, Code code, runtime::Duration delay = {});
  runtime::Task<Result<std::vector<IpAddress>>> resolve(std::string_view host, runtime::TimePoint deadline,
                                                        runtime::CancelToken& token) override;
  // What was asked for, in that order.
  const std::vector<std::string>& asked() const { return asked_; }

 private:
  struct Answer {
    std::vector<IpAddress> addresses;
    Code code = Code::ok;
    runtime::Duration delay{0};
  };
  std::map<std::string, Answer, std::less<>> answers_;
  std::vector<std::string> asked_;
};

}  // namespace sp::testing
