#include "services/record/sighting.h"

#include <algorithm>
#include <functional>
#include <string_view>

#include "http/url.h"
#include "policy/special_addresses.h"
#include "proxy/exchange.h"
#include "proxy/outbound/use.h"

namespace sp::record {
namespace {

using policy::Observed;
using policy::OutboundRequest;

constexpr std::int64_t day_seconds = 86400;

struct Target {
  std::string host;
  std::uint16_t port = 0;
};

std::string plain_text(const policy::DestinationHost& host) {
  if (host.address) return host.address->text();
  std::string name(host.name);
  std::ranges::transform(name, name.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return name;
}

// Of a tunnel that outlived its exchange only the texts of the request are left.
std::optional<Target> target_of(const proxy::Exchange& exchange) {
  const OutboundRequest& request = exchange.outbound->request;
  if (request.port != 0) return Target{plain_text(request.host), request.port};
  const auto authority = http::split_authority(exchange.request.authority);
  if (!authority) return std::nullopt;
  const auto host = policy::read_host(authority->host);
  if (!host) return std::nullopt;
  const std::uint16_t usual = request.kind == OutboundRequest::Kind::plain ? 80 : 443;
  return Target{plain_text(*host), authority->port != 0 ? authority->port : usual};
}

// "192.0.2.1:443", "[2001:db8::1]:443".
std::string address_of(std::string_view endpoint) {
  std::string_view text = endpoint.substr(0, endpoint.rfind(':'));
  if (text.starts_with('[') && text.ends_with(']')) text = text.substr(1, text.size() - 2);
  const auto address = IpAddress::parse(text);
  return address ? address->text() : std::string();
}

bool refused_by_rules(const proxy::Exchange& exchange) {
  const Code code = exchange.failure.error.code;
  return code == Code::destination_refused || code == Code::destination_address_refused;
}

SightingSum sum_of(const proxy::Exchange& exchange, std::int64_t now) {
  SightingSum sum{.count = 1,
                  .octets_out = exchange.request_octets,
                  .octets_in = exchange.response_octets,
                  .first = now,
                  .last = now,
                  .address = {}};
  if (refused_by_rules(exchange)) {
    const auto& refused = exchange.outbound->decision.address;
    if (refused) sum.address = refused->text();
    return sum;
  }
  sum.reached = exchange.times.connected != runtime::TimePoint{} || !exchange.failure.failed() ? 1 : 0;
  // A parent's own address says nothing about the destination.
  const bool directly = exchange.outbound->way.proxy == nullptr;
  if (sum.reached != 0 && directly) sum.address = address_of(exchange.server_address);
  const auto address = IpAddress::parse(sum.address);
  sum.special = address && policy::special_block(*address) ? 1 : 0;
  return sum;
}

}  // namespace

std::size_t SightingKeyHash::operator()(const SightingKey& key) const {
  const std::hash<std::string_view> hash;
  std::size_t result = hash(key.host) ^ (std::size_t{key.port} << 32) ^ static_cast<std::size_t>(key.day);
  for (const std::string* text : {&key.path, &key.entry, &key.user, &key.client, &key.code, &key.rule})
    result = result * 1099511628211U + hash(*text);
  return result * 31 + static_cast<std::size_t>(key.kind) * 7 + static_cast<std::size_t>(key.verdict);
}

void SightingSum::add(const SightingSum& other) {
  const bool is_first = count == 0;
  count += other.count;
  reached += other.reached;
  special += other.special;
  octets_out += other.octets_out;
  octets_in += other.octets_in;
  first = is_first ? other.first : std::min(first, other.first);
  if (!other.address.empty() && (address.empty() || other.last >= last)) address = other.address;
  last = is_first ? other.last : std::max(last, other.last);
}

std::optional<Sighting> sighting_of(const proxy::Exchange& exchange, std::int64_t now) {
  const proxy::OutboundUse* use = exchange.outbound.get();
  if (use == nullptr || use->entry.record.empty() || !use->judged) return std::nullopt;
  auto target = target_of(exchange);
  if (!target) return std::nullopt;
  Sighting made;
  made.key = {.path = use->entry.record,
              .entry = use->entry.common->name,
              .user = std::string(use->user),
              .client = exchange.client.peer_text,
              .host = std::move(target->host),
              .port = target->port,
              .kind = use->request.kind,
              .verdict = Observed::Verdict::allowed,
              .code = {},
              .rule = {},
              .day = static_cast<std::int32_t>(now / day_seconds)};
  if (refused_by_rules(exchange)) {
    made.key.verdict = Observed::Verdict::refused;
    made.key.code = name(exchange.failure.error.code);
  } else if (use->would_refuse) {
    made.key.verdict = Observed::Verdict::would_refuse;
  }
  if (const policy::OutboundRule* rule = use->rule()) made.key.rule = rule->place;
  made.sum = sum_of(exchange, now);
  return made;
}

}  // namespace sp::record
