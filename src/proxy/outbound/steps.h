// The steps of the way out that HTTP and SOCKS share. What fails is noted in the exchange.
#pragma once

#include <optional>
#include <string_view>

#include "proxy/exchange.h"
#include "proxy/outbound/parent.h"
#include "proxy/outbound/use.h"

namespace sp::proxy {

// `exchange` is one of a way out from here on. Errors: denied, where the client's address may not use it.
Result<void> enter_way_out(Exchange& exchange);

// Who the client says that it is. Errors: proxy_authentication_required, users_busy.
runtime::Task<Result<void>> verify_user(Exchange& exchange, std::string_view user, std::string_view password);

// Where it wants to go; `host` lives as long as the exchange. Errors: destination_malformed.
Result<void> head_for(Exchange& exchange, std::string_view host, std::uint16_t port,
                      policy::OutboundRequest::Kind kind);

// Whether it may go there, as far as the name tells. Errors: destination_refused, destination_address_refused.
Result<void> permit(Exchange& exchange);

// Connects, to an address that was judged. Errors: those of permit(), and of connecting.
runtime::Task<Result<runtime::Dialed>> dial_destination(Exchange& exchange);

// Connects to the destination, directly or by the parent proxy, as the entry says. Whoever begins a tunnel or a TLS of
// his own goes by this. Errors: those of judge_for_parent(), dial_destination() and tunnel_by_parent().
runtime::Task<Result<Reached>> reach(Exchange& exchange);

// What is known here of where a name leads that a parent is going to look up: an address that is refused refuses the
// name. Where nothing is known the name alone decides. Nothing to do without a parent. Errors: as permit().
runtime::Task<Result<void>> judge_for_parent(Exchange& exchange);

// Of an address that was connected to: "1.2.3.4:443" or "[2001:db8::1]:443".
std::optional<IpAddress> address_of(std::string_view endpoint);

// The path of a request that can be seen, in normal form, for the rules. One that leads back ("/a/../b") is sent on in
// that form too: servers do not agree what "/a//../b" is.
void see_path(Exchange& exchange, std::string_view normal);

// Only what the operator wants servers to know of this gate and its client.
void tell_servers(Exchange& exchange);

// Refused by its name, or by what the name has led to: the error for it.
std::unexpected<Error> refuse_destination(Exchange& exchange);

// Notes an error whose cause is the client's wish.
std::unexpected<Error> refuse(Exchange& exchange, Code code, std::string_view detail = {});

}  // namespace sp::proxy
