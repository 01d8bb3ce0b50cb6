// Certificates for inspection: one that has to be signed, and one that is in the cache. The goal is 2,000 signed ones
// in a second of CPU time.
#include <benchmark/benchmark.h>

#include <chrono>
#include <string>

#include "config/files.h"
#include "tls/certificate_authority.h"
#include "tls/minter.h"
#include "tls/self_signed.h"

namespace sp::tls {
namespace {

constexpr auto now = std::chrono::sys_days(std::chrono::year(2026) / 1 / 1);

std::shared_ptr<const SigningAuthority> authority() {
  const auto pair = make_authority({.common_name = "Inspection",
                                    .not_before = now - std::chrono::days(1),
                                    .not_after = now + std::chrono::days(3650),
                                    .only = {}});
  config::MemoryFileSystem files;
  files.files["ca.pem"] = pair->certificate + pair->key;
  config::CertificateConfig config;
  config.cert.value = "ca.pem";
  std::vector<config::Finding> findings;
  return SigningAuthority::load(config, files, now, findings);
}

// A server's with so many names, as it comes out of a handshake.
std::shared_ptr<const Certificate> real(std::int64_t names) {
  CertificateRequest request{.common_name = "www.example.com",
                             .names = {},
                             .not_before = now - std::chrono::days(30),
                             .not_after = now + std::chrono::days(60)};
  for (std::int64_t i = 0; i < names; ++i) request.names.push_back("host" + std::to_string(i) + ".example.com");
  const auto pair = issue(request, nullptr);
  config::MemoryFileSystem files;
  files.files["server.pem"] = pair->certificate + pair->key;
  config::CertificateConfig config;
  config.cert.value = "server.pem";
  std::vector<config::Finding> findings;
  return load_certificate(config, files, now, findings);
}

void mint_alike(benchmark::State& state) {
  Minter minter(authority(), 0);
  const auto server = real(state.range(0));
  for (auto _ : state) {
    auto minted = minter.mint({.name = "host0.example.com", .real = server->leaf.get()}, now);
    if (!minted) return state.SkipWithError("nothing was minted");
    benchmark::DoNotOptimize(minted);
  }
  state.counters["minted/s"] = benchmark::Counter(static_cast<double>(state.iterations()), benchmark::Counter::kIsRate);
}
BENCHMARK(mint_alike)->Arg(1)->Arg(3)->Arg(100);

void mint_from_cache(benchmark::State& state) {
  Minter minter(authority());
  const auto server = real(3);
  for (auto _ : state) {
    auto minted = minter.mint({.name = "host0.example.com", .real = server->leaf.get()}, now);
    if (!minted) return state.SkipWithError("nothing was minted");
    benchmark::DoNotOptimize(minted);
  }
}
BENCHMARK(mint_from_cache);

}  // namespace
}  // namespace sp::tls
