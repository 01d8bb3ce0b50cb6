// What a library with sockets of its own (c-ares) needs from the loop.
#pragma once

#include <functional>

namespace sp::runtime {

class DescriptorWatcher {
 public:
  using OnReady = std::function<void(bool readable, bool writable)>;
  virtual ~DescriptorWatcher() = default;
  // Calls `on_ready` while the descriptor is ready (level-triggered); replaces an earlier watch of it.
  virtual void watch(int descriptor, bool readable, bool writable, OnReady on_ready) = 0;
  virtual void forget(int descriptor) = 0;
};

}  // namespace sp::runtime
