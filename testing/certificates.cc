#include "testing/certificates.h"

#include "testing/fake_loop.h"

namespace sp::testing {
namespace {

using Request = tls::CertificateRequest;

Request make_request(std::vector<std::string> names, const LeafOptions& options) {
  Request request;
  request.common_name = !options.common_name.empty() || names.empty() ? options.common_name : names.front();
  request.names = std::move(names);
  request.use = options.use;
  request.key = options.key;
  request.not_before = FakeLoop::start_of_time + std::chrono::days(options.from_days);
  request.not_after = FakeLoop::start_of_time + std::chrono::days(options.until_days);
  return request;
}

Request authority_request(std::string name) {
  return make_request(
      {}, {.use = Request::Use::authority, .from_days = -30, .until_days = 365, .common_name = std::move(name)});
}

}  // namespace

TestAuthority::TestAuthority(std::string name)
    : pair_(tls::issue(authority_request(std::move(name)), nullptr).value()) {}

tls::PemPair TestAuthority::leaf(std::vector<std::string> names, const LeafOptions& options) const {
  return tls::issue(make_request(std::move(names), options), &pair_).value();
}

TestAuthority TestAuthority::intermediate(std::string name) const {
  return TestAuthority(tls::issue(authority_request(std::move(name)), &pair_).value());
}

tls::PemPair self_signed(std::vector<std::string> names, const LeafOptions& options) {
  return tls::issue(make_request(std::move(names), options), nullptr).value();
}

}  // namespace sp::testing
