#include "app/look_up.h"

#include "runtime/ares_resolver.h"
#include "runtime/cancel.h"
#include "runtime/epoll_loop.h"
#include "runtime/scope.h"

namespace sp::app {
namespace {

using Addresses = Result<std::vector<IpAddress>>;

runtime::Task<void> ask(runtime::EpollLoop& loop, runtime::Resolver& resolver, std::string_view host,
                        runtime::TimePoint deadline, runtime::CancelToken& token, Addresses& addresses) {
  addresses = co_await resolver.resolve(host, deadline, token);
  loop.stop();
}

}  // namespace

Addresses look_up(std::string_view host, runtime::Duration within) {
  runtime::EpollLoop loop;
  runtime::Loop::set_current(&loop);
  const auto resolver = runtime::make_ares_resolver(loop, loop);
  runtime::CancelSource never_cancelled;
  Addresses addresses = fail(Code::dns_error, "nobody was asked");
  {
    runtime::Scope scope;
    loop.send(
        [&] { scope.spawn(ask(loop, *resolver, host, loop.precise_now() + within, never_cancelled, addresses)); });
    loop.run();
  }
  runtime::Loop::set_current(nullptr);
  return addresses;
}

}  // namespace sp::app
