#include "app/demo/origin.h"

#include "app/demo/conversation.h"
#include "runtime/epoll_network.h"

namespace sp::app::demo {

Result<std::unique_ptr<Origin>> Origin::bind() {
  SP_TRY_PLAIN(auto socket, runtime::bind_listener({.address = IpAddress::loopback4()}));
  SP_TRY_PLAIN(Endpoint at, runtime::bound_to(socket));
  return std::unique_ptr<Origin>(new Origin(std::move(socket), at.text()));
}

Origin::Origin(runtime::BoundSocket socket, std::string authority)
    : socket_(std::move(socket)), authority_(std::move(authority)) {}

void Origin::serve() {
  thread_ = std::thread([this] { run(); });
}

void Origin::run() {
  runtime::EpollNetwork network(loop_);
  listener_ = network.serve(std::move(socket_),
                            [this](runtime::Accepted connection) { accepted(std::move(connection.stream)); });
  loop_.run();
}

void Origin::accepted(std::unique_ptr<runtime::Stream> stream) {
  connections_.spawn(converse(std::move(stream), authority_, connections_.token()));
}

runtime::Task<void> Origin::end() {
  listener_.reset();
  connections_.cancel();
  co_await connections_.join();
  loop_.stop();
}

Origin::~Origin() {
  if (!thread_.joinable()) return;
  loop_.send([this] { ending_.spawn(end()); });
  thread_.join();
}

}  // namespace sp::app::demo
