// For the tests of this folder: files in memory, an authority, and two ends of a connection joined inside the test.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/files.h"
#include "runtime/scope.h"
#include "testing/certificates.h"
#include "testing/fake_loop.h"
#include "testing/pipe_stream.h"
#include "tls/client_context.h"
#include "tls/server_context.h"

namespace sp::tls {

using runtime::Task;
using sp::testing::FakeLoop;
using sp::testing::PipeOptions;
using sp::testing::PipeStream;
using sp::testing::TestAuthority;

inline constexpr std::string_view http11[] = {"http/1.1"};

struct Ends {
  std::unique_ptr<TlsStream> server, client;
  PipeStream* server_pipe = nullptr;
  PipeStream* client_pipe = nullptr;
  Result<void> server_result, client_result;

  bool ok() const { return server_result.has_value() && client_result.has_value(); }
  std::string client_text() const { return client->diagnosis() == nullptr ? "" : client->diagnosis()->text; }
  std::string server_text() const { return server->diagnosis() == nullptr ? "" : server->diagnosis()->text; }
};

class TlsWorld : public ::testing::Test {
 protected:
  TlsWorld() { files.files["authority.pem"] = authority.pem(); }

  // A certificate among the files; its config.
  config::CertificateConfig store_pair(const std::string& name, const PemPair& pair) {
    files.files[name + ".pem"] = pair.certificate;
    files.files[name + ".key"] = pair.key;
    config::CertificateConfig config;
    config.cert.value = name + ".pem";
    config.key.value = name + ".key";
    return config;
  }

  std::shared_ptr<const CertificateStore> store_of(const std::vector<config::CertificateConfig>& configs) {
    return CertificateStore::load(configs, files, loop.wall_clock(), findings);
  }

  std::unique_ptr<ServerContext> make_server(std::shared_ptr<const CertificateStore> store,
                                             const config::ListenerTlsConfig& config = {},
                                             std::span<const std::string_view> alpn = http11) {
    auto settings = ServerSettings::load(config, files, findings);
    if (settings == nullptr) return nullptr;
    auto made = ServerContext::make(settings, std::move(store), tickets, alpn);
    return made ? *std::move(made) : nullptr;
  }
  // With one certificate for these names.
  std::unique_ptr<ServerContext> make_server_for(std::vector<std::string> names,
                                                 const config::ListenerTlsConfig& config = {}) {
    return make_server(store_of({store_pair(names.front(), authority.leaf(names))}), config);
  }

  // Trusts the authority unless `config` names another.
  std::unique_ptr<ClientContext> make_client(config::UpstreamTlsConfig config = {},
                                             std::span<const std::string_view> alpn = http11) {
    if (config.ca.empty()) config.ca.value = "authority.pem";
    auto settings = ClientSettings::load(config, files, loop.wall_clock(), findings);
    if (settings == nullptr) return nullptr;
    auto made = ClientContext::make(settings, alpn);
    return made ? *std::move(made) : nullptr;
  }

  static Task<void> shake(TlsStream& stream, runtime::TimePoint deadline, Result<void>& result, bool send_rest) {
    result = co_await stream.handshake(deadline);
    // The last message of a client waits for company; looking whether there is something to read sends it.
    if (result && send_rest) stream.try_read({});
  }

  Ends connect(ServerContext& server, ClientContext& client, std::string_view name, std::string_view sni,
               PipeOptions options = {}) {
    auto pipes = sp::testing::make_pipe(loop, options);
    Ends ends;
    ends.server_pipe = pipes.a.get();
    ends.client_pipe = pipes.b.get();
    ends.server = server.accept(std::move(pipes.a));
    ends.client = client.connect(std::move(pipes.b), {.endpoint = "10.0.0.7:443", .name = name, .sni = sni});
    return ends;
  }
  void shake_hands(Ends& ends) {
    const auto deadline = loop.now() + std::chrono::seconds(10);
    runtime::Scope scope;
    scope.spawn(shake(*ends.server, deadline, ends.server_result, false));
    scope.spawn(shake(*ends.client, deadline, ends.client_result, true));
    ASSERT_TRUE(loop.run_until([&] { return scope.running() == 0; }));
  }
  Ends handshake(ServerContext& server, ClientContext& client, std::string_view name, PipeOptions options = {}) {
    Ends ends = connect(server, client, name, name, options);
    shake_hands(ends);
    return ends;
  }

  static Task<Result<void>> send_all(runtime::Stream& stream, std::string_view text) {
    while (!text.empty()) {
      const iovec piece{const_cast<char*>(text.data()), text.size()};
      SP_TRY(const std::size_t n, co_await stream.write({&piece, 1}));
      text.remove_prefix(n);
    }
    co_return Result<void>{};
  }
  // Exactly `size` octets, or as many as come.
  static Task<Result<std::string>> receive(runtime::Stream& stream, std::size_t size) {
    std::string text;
    char buffer[20000];
    while (text.size() < size) {
      SP_TRY(const std::size_t n, co_await stream.read({buffer, std::min(sizeof buffer, size - text.size())}));
      if (n == 0) break;
      text.append(buffer, n);
    }
    co_return text;
  }
  static Task<void> keep(Task<Result<void>> task, Result<void>& result) { result = co_await std::move(task); }
  static Task<void> keep(Task<Result<std::string>> task, Result<std::string>& result) {
    result = co_await std::move(task);
  }
  // What arrives of `text`, sender and receiver working at the same time.
  std::string transfer(runtime::Stream& from, runtime::Stream& to, std::string_view text) {
    Result<void> sent;
    Result<std::string> received;
    runtime::Scope scope;
    scope.spawn(keep(send_all(from, text), sent));
    scope.spawn(keep(receive(to, text.size()), received));
    if (!loop.run_until([&] { return scope.running() == 0; })) {
      ADD_FAILURE() << "the transfer does not end";
      std::abort();  // its frames cannot be given up
    }
    EXPECT_TRUE(sent.has_value());
    return received.value_or("failed");
  }
  // "hello" there and "welcome" back.
  void expect_talk(Ends& ends) {
    ASSERT_TRUE(ends.ok()) << ends.client_text() << ends.server_text();
    EXPECT_EQ(transfer(*ends.client, *ends.server, "hello"), "hello");
    EXPECT_EQ(transfer(*ends.server, *ends.client, "welcome"), "welcome");
  }

  static TestAuthority& shared_authority() {
    static TestAuthority made;
    return made;
  }

  FakeLoop loop;
  TestAuthority& authority = shared_authority();
  config::MemoryFileSystem files;
  std::shared_ptr<TicketKeys> tickets = std::make_shared<TicketKeys>();
  std::vector<config::Finding> findings;
};

}  // namespace sp::tls
