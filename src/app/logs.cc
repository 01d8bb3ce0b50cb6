#include "app/logs.h"

#include <cstdio>

namespace sp::app {
struct Logs::Parts {};
namespace {
struct Quiet final : proxy::Observer {
  void exchange_ended(const proxy::Exchange& e) override {
    if (e.failure.failed()) std::fprintf(stderr, "failed %s: %.*s\n", std::string(info(e.failure.error.code).name).c_str(), (int)e.failure.detail.size(), e.failure.detail.data());
  }
  void connection_failed(const proxy::ClientConnection&, Code code, std::string_view detail) override {
    std::fprintf(stderr, "connection %s: %.*s\n", std::string(info(code).name).c_str(), (int)detail.size(), detail.data());
  }
  void event(Severity, std::string_view, std::string_view) override {}
};
}  // namespace
Logs::Logs(const config::LogConfig&) {}
Logs::~Logs() = default;
void Logs::use(const config::LogConfig&) {}
void Logs::reopen() {}
std::unique_ptr<proxy::Observer> Logs::observer(runtime::Loop&) { return std::make_unique<Quiet>(); }
void Logs::event(Severity, std::string_view what, std::string_view detail) {
  std::fprintf(stderr, "%.*s %.*s\n", (int)what.size(), what.data(), (int)detail.size(), detail.data());
}
}  // namespace sp::app
