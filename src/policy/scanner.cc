#include "policy/scanner.h"

namespace sp::policy {
namespace {

std::optional<ScannerService> service_of(const config::Text& url) {
  if (url.value.empty()) return std::nullopt;
  auto read = config::parse_icap_url(url.value);
  if (!read) return std::nullopt;
  const bool v6 = read->host.contains(':');
  std::string address = (v6 ? "[" + read->host + "]" : read->host) + ":" + std::to_string(read->port);
  return ScannerService{*std::move(read), url.value, std::move(address)};
}

}  // namespace

std::unique_ptr<const Scanner> compile_scanner(const std::optional<config::ScannerConfig>& config) {
  if (!config) return nullptr;
  auto scanner = std::make_unique<Scanner>();
  scanner->requests = service_of(config->requests);
  scanner->responses = service_of(config->responses);
  scanner->timeout = config->timeout;
  scanner->max_body = config->max_body.count;
  scanner->pass_unseen = config->unavailable == config::ScannerGone::pass;
  return scanner;
}

}  // namespace sp::policy
