// For libraries that bring their own sockets (c-ares): somebody who watches descriptors for them. EpollLoop is one.
#pragma once

#include <functional>

namespace sp::runtime {

class DescriptorWatcher {
 public:
  virtual ~DescriptorWatcher() = default;
  // Level-triggered: called in every turn for as long as the descriptor is ready, since a library may leave octets
  // behind. Errors and hang-ups count as both. It may watch and forget any descriptor from within, its own included.
  using OnReady = std::function<void(bool readable, bool writable)>;
  // Replaces an earlier watch of it.
  virtual void watch(int descriptor, bool readable, bool writable, OnReady on_ready) = 0;
  // Before the descriptor is closed. Does nothing for one that is not watched.
  virtual void forget(int descriptor) = 0;
};

}  // namespace sp::runtime
