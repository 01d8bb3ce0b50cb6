#include "proxy/outbound/remedy.h"

#include "proxy/exchange.h"
#include "proxy/outbound/inspected_tunnel.h"
#include "proxy/outbound/use.h"

namespace sp::proxy {
namespace {

// Of `sallyport egress`, where nobody has a file to edit.
std::string_view remedy_by_argument(Code code) {
  switch (code) {
    case Code::denied: return "name its network by --clients if it may use this way out";
    case Code::proxy_authentication_required:
      return "give the client both: http://user:password@host:port in its proxy variables, or add the user to the file "
             "of --users";
    case Code::destination_refused: return "name it by --allow if it is to be reached";
    case Code::destination_address_refused: return "name its network by --private-network if it is to be reached";
    default: return {};
  }
}

std::string remedy_of_rules(const OutboundUse& use) {
  if (use.decision.verdict == policy::OutboundDecision::Verdict::needs_addresses)
    return "if it is to be reached, allow it by its name: where the parent looks names up, networks in rules hold none";
  return use.entry.rules.remedy(use.decision, use.request, use.now);
}

// Of sites whose images are fetched: nothing is set for them.
std::string_view remedy_of_images(Code code) {
  switch (code) {
    case Code::upstream_certificate_untrusted:
      return "the site has to show a certificate, and its whole chain, that the authorities of this machine vouch for; "
             "one of your own is added to those (update-ca-certificates)";
    case Code::upstream_certificate_name: return "the site has to show a certificate for this name";
    default: return {};
  }
}

}  // namespace

std::string_view remedy_inside(Code code) {
  switch (code) {
    case Code::upstream_certificate_untrusted:
      return "add the destination to `except` of `inspect`, so that its clients judge it themselves, or name its "
             "authority in `upstream_tls: { ca: ... }` of `inspect`, in a file with all others that are to be trusted";
    case Code::upstream_certificate_name:
      return "add the destination to `except` of `inspect`, so that its clients judge it themselves";
    case Code::upstream_speaks_http2:  // it was asked for a WebSocket
      return "add the destination to `except` of `inspect`: it takes WebSockets by HTTP/2 alone";
    default: return {};
  }
}

std::string remedy_on_way_out(Code code, const OutboundUse& use) {
  std::string fits;
  if (code == Code::destination_refused) fits = remedy_of_rules(use);
  if (fits.empty() && use.entry.rules.by_arguments()) fits = remedy_by_argument(code);
  const auto& block = use.decision.block;
  if (code == Code::destination_address_refused && block && block->kind == policy::SpecialBlock::Kind::metadata)
    fits = "it hands out credentials: only who names its very address in `private_networks` or in the rule reaches it";
  if (code == Code::dns_error || code == Code::dns_no_address)
    fits = "check the name, and whether the name servers of this machine know it (/etc/resolv.conf)";
  return fits;
}

std::string remedy_on_way_out(Code code, const Exchange& exchange) {
  const OutboundUse& use = *exchange.outbound;
  // A parent's own certificate is verified by its `upstream_tls`, as those of other servers are.
  const bool by_secure_parent =
      use.way.proxy != nullptr && use.way.proxy->upstream->servers.front().tls != policy::ServerTls::none;
  if (code == Code::upstream_speaks_http2)
    return std::string(exchange.client.inspected != nullptr ? remedy_inside(code)
                                                            : "it has to speak HTTP/1.1 on this port");
  if (code == Code::upstream_certificate_untrusted || code == Code::upstream_certificate_name) {
    if (by_secure_parent) return {};
    return std::string(exchange.client.inspected != nullptr ? remedy_inside(code) : remedy_of_images(code));
  }
  return remedy_on_way_out(code, use);
}

}  // namespace sp::proxy
