// What is held of an exchange for its scanner.
#pragma once

#include <memory>
#include <optional>

#include "proxy/scan/held_content.h"
#include "proxy/scan/scanner_talk.h"

namespace sp::proxy {

struct Scanned {
  std::string request_head;                      // as services are shown it, with requests and responses
  std::optional<HeldContent> request, response;  // as they came
  std::unique_ptr<ScanVerdict> verdict;          // with what is given in their place
};

}  // namespace sp::proxy
