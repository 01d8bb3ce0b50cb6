// The scanner of a way out, compiled from the configuration.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "config/icap_url.h"
#include "config/model.h"

namespace sp::policy {

struct ScannerService {
  config::IcapUrl url;
  std::string text;     // as written
  std::string address;  // "127.0.0.1:1344": whom connections are kept to
};

struct Scanner {
  std::optional<ScannerService> requests, responses;
  config::Duration timeout{};
  std::uint64_t max_body = 0;
  bool pass_unseen = false;  // what there is no verdict on; else it is refused
};

// Null where there is none. Of URLs that cannot be read the reader has spoken.
std::unique_ptr<const Scanner> compile_scanner(const std::optional<config::ScannerConfig>& config);

}  // namespace sp::policy
