// Every code has a test that produces it, or a reason why a gate for HTTP/1 cannot. A new code without either fails
// here.
#include <algorithm>
#include <array>

#include "proxy/transcript_for_tests.h"

namespace sp::proxy {
namespace {

using sp::testing::Observed;

struct Row {
  Code code;
  std::string_view suite;  // where it is produced: the beginning of "Suite.name", without "Rows/"
};
constexpr std::array produced{
    Row{Code::ok, "Sessions."},
    Row{Code::bad_request_line, "Refusals."},
    Row{Code::bad_method, "Refusals."},
    Row{Code::bad_target, "Refusals."},
    Row{Code::target_too_long, "Limits."},
    Row{Code::bad_version, "Refusals."},
    Row{Code::bad_field_name, "Refusals."},
    Row{Code::bad_field_value, "Refusals."},
    Row{Code::fields_too_large, "Limits."},
    Row{Code::too_many_fields, "Limits."},
    Row{Code::missing_host, "Refusals."},
    Row{Code::bad_host, "Refusals."},
    Row{Code::host_mismatch, "Refusals."},
    Row{Code::bad_content_length, "Refusals."},
    Row{Code::length_and_transfer_encoding, "Refusals."},
    Row{Code::bad_transfer_encoding, "Refusals."},
    Row{Code::unsupported_transfer_coding, "Refusals."},
    Row{Code::bad_connection_field, "Refusals."},
    Row{Code::bad_pseudo_field, "H2Clients."},
    Row{Code::bad_chunk, "Uploads."},
    Row{Code::bad_trailer, "Limits."},
    Row{Code::body_too_large, "Limits."},
    Row{Code::body_incomplete, "Uploads."},
    Row{Code::unsupported_expectation, "Interim."},
    Row{Code::upgrade_with_body, "Tunnels."},
    Row{Code::ambiguous_path, "OddPaths."},
    Row{Code::encoded_slash, "OddPaths."},
    Row{Code::head_timeout, "Slow."},
    Row{Code::body_too_slow, "Slow."},
    Row{Code::client_closed, "Lifecycle."},
    Row{Code::client_too_slow, "Slow."},
    Row{Code::http2_error, "H2Clients."},
    Row{Code::http2_flood, "H2Clients."},
    Row{Code::client_tls_failed, "Https."},
    Row{Code::plain_http_on_tls, "Https."},
    Row{Code::client_certificate_required, "Https."},
    Row{Code::client_certificate_invalid, "Https."},
    Row{Code::no_site, "Routing."},
    Row{Code::no_route, "Routing."},
    Row{Code::denied, "Routing."},
    Row{Code::proxy_authentication_required, "Outbound."},
    Row{Code::users_busy, "Outbound."},
    Row{Code::parent_refused, "ByParentAnswers."},
    Row{Code::parent_denied, "ByParentAnswers."},
    Row{Code::parent_malformed, "ByParentAnswers."},
    Row{Code::not_for_a_proxy, "Outbound."},
    Row{Code::destination_malformed, "Outbound."},
    Row{Code::destination_refused, "Outbound."},
    Row{Code::destination_address_refused, "Outbound."},
    Row{Code::user_rate, "OutboundShares."},
    Row{Code::user_tunnels, "OutboundShares."},
    Row{Code::user_bytes, "OutboundShares."},
    Row{Code::destination_rate, "OutboundShares."},
    Row{Code::destination_tunnels, "OutboundShares."},
    Row{Code::destination_bytes, "OutboundShares."},
    Row{Code::scanner_refused, "Scanning."},
    Row{Code::scanner_unavailable, "Scanning."},
    Row{Code::image_method, "Images."},
    Row{Code::image_url_signature, "Images."},
    Row{Code::image_url_malformed, "Images."},
    Row{Code::image_not_there, "Images."},
    Row{Code::image_not_an_image, "Images."},
    Row{Code::image_svg_refused, "Images."},
    Row{Code::image_too_large, "Images."},
    Row{Code::image_too_many_pixels, "Images."},
    Row{Code::image_redirect, "Images."},
    Row{Code::image_timeout, "Images."},
    Row{Code::image_memory, "Images."},
    Row{Code::trace_refused, "Methods."},
    Row{Code::connect_refused_here, "Methods."},
    Row{Code::upgrade_refused, "H2Clients."},
    Row{Code::minted_certificate_refused, "Inspection."},
    Row{Code::misdirected, "H2OverTls."},
    Row{Code::loop_detected, "Methods."},
    Row{Code::no_server_available, "Pools."},
    Row{Code::dns_error, "Connecting."},
    Row{Code::dns_timeout, "Connecting."},
    Row{Code::dns_no_address, "Connecting."},
    Row{Code::connection_refused, "Connecting."},
    Row{Code::connection_timeout, "Connecting."},
    Row{Code::connection_unreachable, "Connecting."},
    Row{Code::upstream_tls_failed, "TlsServersThatSpeakPlainHttp."},
    Row{Code::upstream_tls_alert, "TlsServers."},
    Row{Code::upstream_certificate_name, "TlsServers."},
    Row{Code::upstream_certificate_untrusted, "TlsServers."},
    Row{Code::upstream_certificate_expired, "TlsServers."},
    Row{Code::upstream_certificate_pin, "TlsServers."},
    Row{Code::upstream_closed, "KeptConnections."},
    Row{Code::upstream_reset, "ServersThatBreak."},
    Row{Code::response_head_timeout, "Slow."},
    Row{Code::response_body_timeout, "Slow."},
    Row{Code::bad_status_line, "Malformations."},
    Row{Code::upstream_speaks_http2, "ServersOfAnotherVersion."},
    Row{Code::bad_response_field, "Malformations."},
    Row{Code::response_fields_too_large, "Limits."},
    Row{Code::bad_response_framing, "Malformations."},
    Row{Code::response_incomplete, "Responses."},
    Row{Code::bad_response_chunk, "Malformations."},
    Row{Code::unexpected_upgrade, "Tunnels."},
    Row{Code::no_extended_connect, "H2Servers."},
    Row{Code::too_many_interim, "Interim."},
    Row{Code::request_write_timeout, "SlowServers."},
    Row{Code::upstream_http2_error, "H2Servers."},
    Row{Code::upstream_stream_refused, "H2Servers."},
    Row{Code::shutting_down, "Lifecycle."},
    Row{Code::no_descriptors, "Connecting."},
    Row{Code::too_many_connections, "Limits."},
    Row{Code::proxy_not_expected, "Relays."},
    Row{Code::proxy_expected, "Relays."},
    Row{Code::proxy_peer_unlisted, "Relays."},
    Row{Code::too_many_from_address, "Relays."},
    Row{Code::no_target, "ByName."},
    Row{Code::proxy_header_unlisted, "Introduced."},
    Row{Code::proxy_header_checksum, "Introduced."},
    Row{Code::proxy_header_too_long, "Introduced."},
    Row{Code::proxy_header_malformed, "Introduced."},
    Row{Code::proxy_header_tls, "Introduced."},
    Row{Code::proxy_header_missing, "Introduced."},
    Row{Code::client_hello_too_long, "ByName."},
    Row{Code::client_hello_malformed, "ByName."},
    Row{Code::starttls_injection, "MailSessions."},
    Row{Code::starttls_required, "MailSessions."},
    Row{Code::mail_malformed, "MailSessions."},
    Row{Code::mail_line_too_long, "MailSessions."},
    Row{Code::mail_too_many_commands, "MailSessions."},
    Row{Code::starttls_refused, "MailSessions."},
    Row{Code::mail_server_refused, "MailSessions."},
    Row{Code::mail_reply_malformed, "MailSessions."},
    Row{Code::mail_identity_refused, "MailSessions."},
};

struct Elsewhere {
  Code code;
  std::string_view why;
};
constexpr std::array elsewhere{
    Elsewhere{Code::client_hello_missing, "who speaks no TLS asks for no name: no_target, or the target for all"},
    Elsewhere{Code::proxy_header_version, "both versions are accepted: proxy_protocol_test"},
    Elsewhere{Code::socks_version, "socks5_test"},
    Elsewhere{Code::socks_malformed, "socks5_test"},
    Elsewhere{Code::socks_unsupported, "socks5_test"},
    Elsewhere{Code::mail_log_in_disabled, "what the doctor finds: diagnose_test"},
    Elsewhere{Code::max_forwards_reached, "is an answer, not a failure"},
    Elsewhere{Code::connection_failed, "what a kernel says that is none of the others: dial_test"},
    Elsewhere{Code::cancelled, "ends operations, not exchanges"},
    Elsewhere{Code::timeout, "becomes the code of what took too long"},
    Elsewhere{Code::end_of_stream, "becomes the code of whose stream it was"},
    Elsewhere{Code::io_error, "of a kernel"},
    Elsewhere{Code::address_in_use, "of the start"},
    Elsewhere{Code::permission_denied, "of the start, and of a kernel"},
    Elsewhere{Code::not_found, "of files"},
    Elsewhere{Code::out_of_memory, "of a machine"},
    Elsewhere{Code::config_invalid, "of the start"},
    Elsewhere{Code::internal, "of bugs"},
};

TEST(Codes, each_has_a_test_or_a_reason) {
  for (unsigned i = 0; i < static_cast<unsigned>(Code::count_); ++i) {
    const Code code = static_cast<Code>(i);
    const auto rows =
        std::ranges::count(produced, code, &Row::code) + std::ranges::count(elsewhere, code, &Elsewhere::code);
    EXPECT_EQ(rows, 1) << name(code) << ": write a test that produces it, and its row";
  }
}

// After all tests: those of each row that ran have produced its code.
class EveryCodeWasProduced final : public ::testing::Environment {
 public:
  void TearDown() override {
    for (const Row& row : produced) {
      if (!all_of_suite_ran(row.suite)) continue;
      EXPECT_TRUE(was_produced(row)) << "no test of " << row.suite << " produced " << name(row.code);
    }
  }

 private:
  static std::string_view plain(std::string_view suite) { return suite.starts_with("Rows/") ? suite.substr(5) : suite; }
  static bool all_of_suite_ran(std::string_view wanted) {
    const ::testing::UnitTest& all = *::testing::UnitTest::GetInstance();
    for (int i = 0; i < all.total_test_suite_count(); ++i) {
      const ::testing::TestSuite& suite = *all.GetTestSuite(i);
      if (std::string(plain(suite.name())) + "." == wanted)
        return suite.test_to_run_count() == suite.total_test_count();
    }
    ADD_FAILURE() << "there are no tests " << wanted;
    return false;
  }
  static bool was_produced(const Row& row) {
    const auto found = Observed::codes_seen().find(row.code);
    return found != Observed::codes_seen().end() && std::ranges::any_of(found->second, [&](const std::string& test) {
             return plain(test).starts_with(row.suite);
           });
  }
};
const auto* const registered = ::testing::AddGlobalTestEnvironment(new EveryCodeWasProduced);

}  // namespace
}  // namespace sp::proxy
