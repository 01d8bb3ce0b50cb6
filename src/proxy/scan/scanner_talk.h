// One message shown to one service of a scanner, and what it says of it.
#pragma once

#include <memory>
#include <string>

#include "codec/icap/answer_reader.h"
#include "policy/outbound.h"
#include "proxy/scan/held_content.h"
#include "proxy/scan/scanners.h"
#include "runtime/network.h"

namespace sp::proxy {

class Worker;

struct ScanVerdict {
  explicit ScanVerdict(HeadRoom& room) : body(room) {}
  codec::icap::Answer answer;
  HeldContent body;  // of the message in it
};

struct ScannerQuestion {
  const policy::ScannerService& service;
  codec::icap::Shown shown;  // its heads and texts live as long as the question
  ByteView body;             // where shown.has_body
  runtime::TimePoint deadline;
  std::uint64_t most_body = 0;  // of the answer
};

// Over a kept connection, or one that is made. Errors: scanner_unavailable, with `why` ("127.0.0.1:1344 refused");
// the token's code.
runtime::Task<Result<std::unique_ptr<ScanVerdict>>> ask_scanner(Worker& worker, const ScannerQuestion& question,
                                                                runtime::CancelToken& token, std::string& why);

}  // namespace sp::proxy
