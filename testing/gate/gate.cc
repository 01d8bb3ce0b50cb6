#include "testing/gate/gate.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/assert.h"
#include "config/load.h"
#include "proxy/compile_snapshot.h"

namespace sp::testing {
namespace {

void failure(const std::string& what, const Gate::Here& here) {
  ADD_FAILURE_AT(here.file_name(), static_cast<int>(here.line())) << what;
}

}  // namespace

std::string one_site(std::string_view routes, std::string_view more) {
  std::string text = "inbound:\n- listen: [ \"http://:80\" ]\n  sites:\n  - hosts: [ a.test ]\n    routes:\n";
  while (!routes.empty()) {
    const std::size_t end = std::min(routes.find('\n'), routes.size());
    text += "    " + std::string(routes.substr(0, end)) + "\n";
    routes.remove_prefix(std::min(end + 1, routes.size()));
  }
  return text + std::string(more) + "\n";
}

std::string one_server(std::string_view entry, std::string_view more) {
  std::string text = "inbound:\n- listen: [ \"http://:80\" ]\n";
  if (!entry.empty()) text += "  " + std::string(entry) + "\n";
  text += "  sites: [ { hosts: [ a.test ], routes: [ { path: /, to: \"http://" + std::string(default_server) +
          "\" } ] } ]\n";
  return text + std::string(more) + "\n";
}

Gate::Gate(std::string_view yaml, GateOptions options, Here here)
    : network(loop, options.network), users_(options.users), assertions_before_(failed_assertions()) {
  files.files = std::move(options.files);
  worker_ = std::make_unique<proxy::Worker>(proxy::WorkerDeps{.loop = loop,
                                                              .network = network,
                                                              .resolver = resolver,
                                                              .observer = observed,
                                                              .seed = options.seed,
                                                              .descriptors = options.descriptors,
                                                              .most_idle = options.most_idle});
  if (!reload(yaml, here)) failure("there is no gate", here);
}

Gate::~Gate() {
  worker_->drain();
  worker_->cut();
  loop.run_until([&] { return worker_->sessions() == 0; }, std::chrono::minutes(2));
  EXPECT_EQ(worker_->sessions(), 0u) << "sessions are left after everything was cut";
  if (worker_->sessions() != 0) std::abort();  // their frames cannot be given up
  EXPECT_EQ(failed_assertions(), assertions_before_);
}

bool Gate::reload(std::string_view yaml, Here here) {
  config::Loaded loaded = config::load_text("sallyport.yaml", yaml, files);
  std::shared_ptr<const proxy::Snapshot> snapshot;
  if (loaded.ok()) {
    proxy::CompileDeps deps{.files = files,
                            .now = loop.wall_clock(),
                            .tickets = tickets_,
                            .via = "gate",
                            .generation = ++generation_,
                            .load_users = [this](const auto&, const auto&, auto&) { return users_; }};
    snapshot = proxy::compile_snapshot(std::move(loaded.config), deps, loaded.findings);
  }
  if (snapshot == nullptr) {
    failure(config::print(loaded.findings, loaded.sources), here);
    return false;
  }
  std::vector<proxy::BoundListen> sockets;
  std::vector<Endpoint> listening;
  for (const proxy::Entry& entry : snapshot->entries) {
    for (std::uint32_t i = 0; i < entry.listens.size(); ++i) {
      const Endpoint& at = entry.listens[i].endpoint;
      listening.push_back(at);
      if (std::ranges::find(listening_, at) == listening_.end()) sockets.push_back({entry.number, i, network.bind(at)});
    }
  }
  auto adopted = worker_->adopt(std::move(snapshot), std::move(sockets));
  if (!adopted) failure("the worker does not take it: " + std::string(name(adopted.error().code)), here);
  if (adopted) listening_ = std::move(listening);
  return adopted.has_value();
}

Scripted Gate::client(std::string_view from, std::string_view to) {
  return {loop, network.open(endpoint(to), endpoint(from))};
}

ScriptedServer& Gate::server(std::string_view at) {
  auto& server = servers_[std::string(at)];
  if (server == nullptr) server = std::make_unique<ScriptedServer>(loop, network, endpoint(at));
  return *server;
}

std::size_t Gate::sessions() {
  loop.settle();
  return worker_->sessions();
}

}  // namespace sp::testing
