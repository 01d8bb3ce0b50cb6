// The resolver of one worker: c-ares behind CachingResolver. c-ares does what servers need (retries, other servers, TCP
// for long answers, random ids and ports); what is asked, and how long an answer holds, is decided in CachingResolver.
#pragma once

#include <ares.h>

#include <memory>
#include <string>
#include <vector>

#include "runtime/caching_resolver.h"
#include "runtime/descriptor_watcher.h"

namespace sp::runtime {

struct AresOptions {
  std::string servers;  // "192.0.2.53,[2001:db8::53]:5353"; empty: those of resolv.conf
  std::string resolv_conf_path = "/etc/resolv.conf";
  std::string hosts_path = "/etc/hosts";
  Duration timeout{2000};  // of the first try; c-ares doubles it with each
  int tries = 2;
};

// Belongs to the thread of `loop`. Never blocks on the network.
class AresAsker final : public Asker {
 public:
  // Both outlive it.
  AresAsker(Loop& loop, DescriptorWatcher& watcher, AresOptions options);
  ~AresAsker() override;
  void ask(const std::string& name, Family family, OnAnswer on_answer) override;
  void servers_changed() override;

 private:
  struct Question;
  struct Channel;

  Loop& loop_;
  DescriptorWatcher& watcher_;
  const AresOptions options_;
  std::unique_ptr<Channel> current_;
  // Of an earlier resolv.conf: they end with their last answer.
  std::vector<std::unique_ptr<Channel>> retired_;
};

std::unique_ptr<Resolver> make_ares_resolver(Loop& loop, DescriptorWatcher& watcher, AresOptions ares = {},
                                             ResolverOptions options = {});

}  // namespace sp::runtime
