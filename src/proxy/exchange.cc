#include "proxy/exchange.h"

#include "proxy/outbound/remedy.h"
#include "proxy/outbound/use.h"
#include "proxy/upstream_connection.h"
#include "proxy/upstream_states.h"
#include "proxy/worker.h"

namespace sp::proxy {

void Occupancy::enter(UpstreamState& state, std::size_t server) {
  leave();
  state_ = &state;
  server_ = server;
  ++state.servers[server].in_flight;
}

void Occupancy::leave() {
  if (state_ != nullptr) --state_->servers[server_].in_flight;
  state_ = nullptr;
}

Exchange::Exchange(Worker& the_worker, ClientConnection& connection, Arena& memory, runtime::CancelToken& parent)
    : worker(the_worker),
      client(connection),
      arena(memory),
      request(memory),
      request_trailers(memory),
      response_trailers(memory),
      response(memory),
      scope(parent),
      upload_token(scope.token()) {}

Exchange::~Exchange() = default;

std::string_view Exchange::request_id() {
  if (!id.empty()) return id;
  constexpr std::string_view digits = "0123456789abcdef";
  std::uint64_t number = worker.random().next();
  char* text = arena.chars(16);
  for (int i = 0; i < 16; ++i, number >>= 4) text[i] = digits[number & 15];
  return id = {text, 16};
}

void Exchange::fail_with(Error error, std::string_view detail, std::string_view remedy) {
  failure = {error, arena.copy(detail), arena.copy(remedy)};
  if (outbound == nullptr) return;
  if (const std::string fits = remedy_on_way_out(error.code, *this); !fits.empty()) failure.remedy = arena.copy(fits);
}

}  // namespace sp::proxy
