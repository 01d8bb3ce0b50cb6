// What a configuration listens on, for those who ask about something else.
#pragma once

#include <string>

#include "proxy/snapshot.h"

namespace sp::app {

inline std::string what_listens(const proxy::Snapshot& snapshot) {
  std::string text;
  for (const proxy::Entry& entry : snapshot.entries) {
    for (const proxy::Listen& listen : entry.listens) text.append(text.empty() ? "" : ", ").append(listen.text);
  }
  return text;
}

}  // namespace sp::app
