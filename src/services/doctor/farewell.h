// The least that can be said to a server of mail which has greeted: goodbye, so that its log tells of a visitor and not
// of a connection that was lost.
#pragma once

#include <cstddef>
#include <string_view>

#include "base/bytes.h"
#include "codec/proxy_protocol/reaction.h"

namespace sp::doctor {

class Farewell {
 public:
  // With all that the server has said so far. What is to be said now; empty while it has the word.
  std::string_view next(ByteView heard);
  // Nothing is left to be said.
  bool said() const { return said_; }

 private:
  std::string_view smtp(ByteView heard);

  bool introduced_ = false;
  bool said_ = false;
};

// The word by which a session of this protocol is ended.
std::string_view goodbye(codec::proxy_protocol::Speaks speaks);

}  // namespace sp::doctor
