#include "app/reverse_proxy_command.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <ostream>

#include "app/server.h"
#include "http/fields.h"
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

config::Place argument(const char* name) { return {.file = name, .line = 0, .column = 0}; }

// Of the lines of reverse_proxy_configuration().
config::Place argument_at(std::string_view text, const config::Place& place) {
  for (int line = 1; line < place.line; ++line) text.remove_prefix(std::min(text.find('\n') + 1, text.size()));
  text = http::trim(text.substr(0, text.find('\n')));
  if (text.starts_with("listen:")) return argument("--from");
  return argument(text.starts_with("- { cert:") ? "--cert" : "--to");
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

config::Loaded load_reverse_proxy(const ReverseProxyArguments& arguments, const std::string& text,
                                  const config::FileSystem& files) {
  config::Loaded loaded = config::load_text("command line", text, files);
  for (config::Finding& finding : loaded.findings) finding.place = argument_at(text, finding.place);
  for (config::CertificateConfig& certificate : loaded.config.certificates) {
    certificate.place = certificate.cert.place = argument("--cert");
    certificate.key.place = argument(arguments.key ? "--key" : "--cert");
  }
  for (config::InboundConfig& entry : loaded.config.inbound) {
    entry.place = argument("--from");
    for (config::Text& listen : entry.listen) listen.place = argument("--from");
    for (config::SiteConfig& site : entry.sites) {
      site.place = argument("--to");
      for (config::Text& host : site.hosts) host.place = argument("--to");
      for (config::RouteConfig& route : site.routes) route.place = route.path.place = route.to.place = argument("--to");
    }
  }
  return loaded;
}

Exit reverse_proxy_command(const ReverseProxyArguments& arguments, const CommandWorld& world) {
  OverlayFiles files(world.files);
  std::string text = reverse_proxy_configuration(arguments, files, world);
  RunOptions options;
  options.load = [&] { return load_reverse_proxy(arguments, text, files); };
  options.files = &files;
  options.on_ready = [&](const std::vector<std::string>& addresses) {
    world.err << fmt::format("Listening on {}, in front of {}. Ctrl-C ends it.\n", fmt::join(addresses, ", "),
                             arguments.to);
    world.err.flush();
  };
  return static_cast<Exit>(run_server(options));
}

}  // namespace sp::app
