// What an exchange knows of its way out, besides what all exchanges know.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "policy/outbound.h"
#include "proxy/outbound/destinations.h"
#include "proxy/outbound/share_use.h"
#include "runtime/dial.h"

namespace sp::proxy {

struct InspectedTunnel;
struct Scanned;

// What came of showing it to a scanner, for the log.
enum class ScanOutcome : std::uint8_t {
  none,      // nothing was shown
  clean,     // it passed as it was
  replaced,  // the scanner gave another response
  unseen,    // it passed, for want of a verdict
};

struct OutboundUse final : runtime::AddressJudge {
  explicit OutboundUse(const policy::Outbound& of);
  ~OutboundUse() override;

  const policy::Outbound& entry;
  std::string_view user;  // who is named; in the arena
  std::string_view host;  // where to; as well
  policy::OutboundRequest request;
  policy::OutboundRules::Now now{};
  policy::OutboundDecision decision;         // by name, or about the last address that was judged
  bool judged = false;                       // the rules were asked
  bool would_refuse = false;                 // they refuse it, and only watch: `mode: observe`
  policy::Parent::Way way;                   // by the parent proxy or directly; known when the name was judged
  std::uint16_t parent_status = 0;           // with which a parent has refused; 0: it has not
  std::string_view credentials;              // of this gate, for a parent that is asked in absolute form; a secret
  std::shared_ptr<Destination> destination;  // of a request that is seen; null: CONNECT

  std::string_view tls_name;        // that the client asked for in its TLS; empty: not known
  std::unique_ptr<ShareUse> share;  // null: no limits
  std::optional<CountedBody> counted_request, counted_response;
  ScanOutcome scan = ScanOutcome::none;
  std::unique_ptr<Scanned> scanned;    // null: nothing is shown to a scanner
  std::chrono::seconds retry_after{};  // of who had his share

  // A request that goes to a parent in absolute form.
  bool asks_parent() const {
    return way.proxy != nullptr && way.proxy->http() && request.kind == policy::OutboundRequest::Kind::plain;
  }
  std::unique_ptr<InspectedTunnel> inspected;  // a tunnel that is going to be opened; null: none, or it stays closed

  // The rule that decided; null: none did.
  const policy::OutboundRule* rule() const;
  // Whether what is wished for may be reached, as far as the name tells; sets `decision`.
  bool permits_name();
  bool permits(const IpAddress& address) override;
  // Of a name that a parent proxy looks up: every address that it has here, since nobody knows which one the parent
  // takes; or, where none is known, the name alone.
  bool permits_all(const std::vector<IpAddress>& addresses);
  bool permits_name_alone();
  static constexpr std::chrono::milliseconds lookup_time{1000};  // that a look-up here may take
  static constexpr std::string_view addresses_unknown =
      "no rule allows it by its name, and its addresses are the parent proxy's to know";
  // Of a decision that allows nothing.
  Code refusal() const;
};

}  // namespace sp::proxy
