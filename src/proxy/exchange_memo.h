// What is to be told of an exchange whose tunnel outlives it: packed, since a tunnel may be one of very many and stay
// for days.
#pragma once

#include <array>
#include <cstdint>
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

  // Tells the worker's observer of the exchange, as if it had lasted until now. `client` is its connection's stream.
  void tell(Worker& worker, std::unique_ptr<runtime::Stream> client, std::uint64_t request_octets,
            std::uint64_t response_octets) const;

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
    id,
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

  // Of the connection.
  std::shared_ptr<WorkerContexts> contexts_;
  const Entry* entry_;
  const Listen* listen_;
  runtime::TimePoint accepted_, secured_;
  std::uint32_t requests_;
  bool trusted_;
  ConnectionEnd peer_;
  // Of the exchange.
  Occupancy occupancy_;
  const policy::Site* site_;
  const policy::Route* route_;
  const policy::Upstream* upstream_;
  const policy::Server* server_;
  runtime::TimePoint started_, head_, connecting_, connected_, first_byte_;
  Retried retried_;
  std::uint32_t attempts_;
  std::uint16_t status_;
  http::TargetForm form_;
  http::Version version_;
  bool has_query_, reused_;
  std::array<std::uint16_t, texts> sizes_{};
};

}  // namespace sp::proxy
