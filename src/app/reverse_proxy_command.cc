#include "app/reverse_proxy_command.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <ostream>

#include "app/server.h"
#include "tls/self_signed.h"

namespace sp::app {
namespace {

constexpr const char* made_certificate = "certificate-made-on-the-spot.pem";
constexpr const char* made_key = "key-made-on-the-spot.pem";
constexpr int valid_days = 30;

// A text of JSON is one of YAML, whatever it holds.
std::string yaml_text(const std::string& text) {
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

bool make_certificate(OverlayFiles& files, const CommandWorld& world) {
  std::array<std::string, 3> names{"localhost", "127.0.0.1", "::1"};
  auto made = tls::make_self_signed(names, valid_days, world.now);
  if (!made) return false;
  files.put(made_certificate, made->certificate);
  files.put(made_key, made->key);
  world.err
      << "The certificate is made on the spot, for localhost, and signed by itself: clients must be told to accept it "
         "(curl --insecure), or name one with --cert and --key.\n";
  return true;
}

}  // namespace

std::string reverse_proxy_configuration(const ReverseProxyArguments& arguments, OverlayFiles& files,
                                        const CommandWorld& world) {
  std::string text;
  std::string cert = arguments.cert.value_or(""), key = arguments.key.value_or(cert);
  if (cert.empty() && arguments.from.starts_with("https:") && make_certificate(files, world)) {
    cert = made_certificate;
    key = made_key;
  }
  if (!cert.empty())
    text += fmt::format("certificates:\n  - {{ cert: {}, key: {} }}\n", yaml_text(cert), yaml_text(key));
  return text + fmt::format(
                    "inbound:\n  - name: reverse-proxy\n    listen: {}\n    sites:\n      - routes:\n          - path: "
                    "/\n            to: {}\n",
                    yaml_text(arguments.from), yaml_text(arguments.to));
}

Exit reverse_proxy_command(const ReverseProxyArguments& arguments, const CommandWorld& world) {
  OverlayFiles files(world.files);
  std::string text = reverse_proxy_configuration(arguments, files, world);
  RunOptions options;
  options.load = [&] { return config::load_text("command line", text, files); };
  options.files = &files;
  options.on_ready = [&](const std::vector<std::string>& addresses) {
    world.err << fmt::format("Listening on {}, in front of {}. Ctrl-C ends it.\n", fmt::join(addresses, ", "),
                             arguments.to);
    world.err.flush();
  };
  return static_cast<Exit>(run_server(options));
}

}  // namespace sp::app
