// A configuration as text, a network inside the test, and what checks need besides.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>

#include "config/load.h"
#include "proxy/compile_snapshot.h"
#include "services/health/check.h"
#include "testing/fake_loop.h"
#include "testing/fake_network.h"
#include "testing/scripted.h"
#include "tls/ticket_keys.h"

namespace sp::health {

using namespace std::chrono_literals;
using sp::testing::endpoint;
using sp::testing::Scripted;
using sp::testing::ScriptedServer;

inline std::shared_ptr<const proxy::Snapshot> snapshot_of(std::string_view text) {
  const config::MemoryFileSystem files;
  config::Loaded loaded = config::load_text("sallyport.yaml", text, files);
  std::shared_ptr<const proxy::Snapshot> made;
  if (loaded.ok()) {
    made = proxy::compile_snapshot(
        std::move(loaded.config),
        {.files = files, .now = std::chrono::system_clock::now(), .tickets = std::make_shared<tls::TicketKeys>()},
        loaded.findings);
  }
  EXPECT_NE(made, nullptr) << config::print(loaded.findings, loaded.sources);
  return made;
}

// An upstream `app` of HTTP with these keys.
inline std::string web(std::string_view keys) {
  return "inbound: [ { listen: \"http://:80\", sites: [ { routes: [ { path: /, to: app } ] } ] } ]\n"
         "upstreams: { app: { " +
         std::string(keys) + " } }\n";
}
// The same of an entry that passes octets on.
inline std::string relayed(std::string_view keys) {
  return "inbound: [ { listen: \"tcp://:1000\", to: app } ]\nupstreams: { app: { " + std::string(keys) + " } }\n";
}

struct Network {
  sp::testing::FakeLoop loop;
  sp::testing::FakeNetwork network{loop};
  sp::testing::FakeResolver resolver;
  CheckWorld world{loop, network, resolver};
};

}  // namespace sp::health
