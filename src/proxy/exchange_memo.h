// What is to be told of an exchange whose tunnel outlives it: packed, since a tunnel may be one of very many and stay
// for days.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <memory>
#include <new>
#include <string_view>

#include "base/slab.h"
#include "proxy/exchange.h"

namespace sp::proxy {

class ExchangeMemo {
 public:
  // Takes over what the exchange occupies of its server.
  static std::unique_ptr<ExchangeMemo> of(Exchange& exchange);
  ExchangeMemo(const ExchangeMemo&) = delete;
  ExchangeMemo& operator=(const ExchangeMemo&) = delete;

  // What was seen of a tunnel while it passed.
  struct Seen {
    std::uint64_t request_octets = 0, response_octets = 0;
    std::string_view tls_name;  // of a way out; empty: what was known before, if anything
  };
  // Tells the worker's observer of the exchange, as if it had lasted until now. `client` is its connection's stream;
  // `failure` is what ended it, or ok.
  void tell(Worker& worker, std::unique_ptr<runtime::Stream> client, const Seen& seen, const Failure& failure) const;

  // That the connection is one of its address: somebody else keeps it from now on.
  AddressCounts::Held take_count() { return std::move(counted_); }

  static void operator delete(ExchangeMemo* memo, std::destroying_delete_t);

 private:
  enum Text : std::uint8_t {
    client_address,
    method,
    scheme,
    authority,
    path,
    query,
    referer,
    user_agent,
    server_address,
    server_name,
    id,
    user,
    tls_name,  // of an opened tunnel, where it is known before
    texts
  };
  using Texts = std::array<std::string_view, texts>;

  explicit ExchangeMemo(Exchange& exchange);
  static Texts texts_of(const Exchange& exchange);
  Texts unpacked() const;
  void keep(const Texts& kept);
  std::size_t octets() const;
  void restore(ClientConnection& client) const;
  void restore(Exchange& exchange) const;

  // A moment, by how long before or after the start of the exchange it was.
  class Moment {
   public:
    Moment() = default;
    Moment(runtime::TimePoint when, runtime::TimePoint start);
    runtime::TimePoint from(runtime::TimePoint start) const;

   private:
    static constexpr std::int32_t unset = std::numeric_limits<std::int32_t>::min();
    std::int32_t microseconds_ = unset;  // beyond half an hour: half an hour
  };
  const policy::Upstream* upstream() const;

  // Of the connection.
  std::shared_ptr<WorkerContexts> contexts_;
  AddressCounts::Held counted_;  // the connection is one of its address
  std::unique_ptr<std::string> proxy_header_;
  std::uint32_t requests_;
  std::uint32_t entry_;   // its number
  std::uint16_t listen_;  // as well
  bool trusted_;
  ConnectionEnd peer_;
  // Of the exchange.
  Occupancy occupancy_;
  const policy::Route* route_;               // or
  const policy::RelayTarget* relay_target_;  // of a connection that is passed on
  runtime::TimePoint started_;
  Moment accepted_, secured_, head_, connecting_, connected_, first_byte_;
  std::uint32_t attempts_;
  Code retried_;
  std::uint16_t retried_server_, server_;  // their numbers in the upstream
  std::int32_t rule_;                      // of a way out; -1: none
  std::int8_t parent_;                     // its proxy, where that was the server; -1: none
  policy::OutboundRequest::Kind kind_;     // as well
  bool judged_, would_refuse_;             // as well
  std::uint16_t status_;
  http::TargetForm form_;
  http::Version version_;
  bool has_query_, reused_, relay_;
  std::array<std::uint16_t, texts> sizes_{};
};

}  // namespace sp::proxy
