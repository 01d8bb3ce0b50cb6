#include "app/demo/demo_command.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <ostream>

#include "app/demo/origin.h"
#include "app/overlay_files.h"
#include "app/server.h"
#include "tls/self_signed.h"

namespace sp::app {
namespace {

// Where curl finds the certificate; gone with the demo.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    path_ = (std::filesystem::temp_directory_path() / "sallyport-demo-XXXXXX").string();
    if (mkdtemp(path_.data()) == nullptr) path_.clear();
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  std::string file(std::string_view name, std::string_view content) const {
    std::string path = path_ + "/" + std::string(name);
    std::ofstream(path) << content;
    return path;
  }

 private:
  std::string path_;
};

// The ports of the file: `${env.HTTPS_PORT:-8443}` and `${env.HTTP_PORT:-8080}`.
struct Ports {
  std::string https, http;
};

std::string what_to_try(const Ports& ports, const std::string& certificate, const DemoArguments& arguments,
                        const std::string& origin) {
  std::string curl = "curl --cacert " + certificate, at = "https://localhost:" + ports.https;
  return fmt::format(R"(
The gate runs, with a small origin behind it. Try, in another terminal:

  {0} {1}/   # the request as the origin sees it
  {0} -i {1}/app/redirect   # the origin redirects in its own name; the gate says it in the public one
  {0} -d hello {1}/echo   # what was sent comes back
  {0} '{1}/slow?ms=2000'   # an answer that takes two seconds
  {0} -i {1}/private   # a client that the rules do not allow
  {0} -i {1}/down   # a server that is down: see Proxy-Status, and the log here
  curl -i http://localhost:{2}/   # http goes to https
  {0} -i -N --http1.1 --max-time 2 -H 'Connection: Upgrade' -H 'Upgrade: websocket' -H 'Sec-WebSocket-Version: 13' \
      -H 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==' {1}/ws   # a WebSocket; curl gives up on it after two seconds
  HTTPS_PORT={3} HTTP_PORT={2} DEMO_ORIGIN={5} build/release/sallyport explain -c {4} {1}/app/page

Or open {1}/ in a browser. The configuration is {4}. Ctrl-C ends it.

)",
                     curl, at, ports.http, ports.https, arguments.file, origin);
}

}  // namespace

Exit demo_command(const DemoArguments& arguments, const CommandWorld& world) {
  auto origin = demo::Origin::bind();
  std::array<std::string, 3> names{"localhost", "127.0.0.1", "::1"};
  auto pair = tls::make_self_signed(names, 7, world.now);
  if (!origin || !pair) {
    world.err << "The demo could not start: " << info(origin ? pair.error().code : origin.error().code).what << ".\n";
    return Exit::failed;
  }
  OverlayFiles files(world.files);
  files.set("DEMO_ORIGIN", "http://" + (*origin)->authority());
  files.put(config::relative_to(arguments.file, "localhost.pem"), pair->certificate);
  files.put(config::relative_to(arguments.file, "localhost.key"), pair->key);
  TemporaryFolder folder;
  std::string certificate = folder.file("localhost.pem", pair->certificate);
  Ports ports{files.variable("HTTPS_PORT").value_or("8443"), files.variable("HTTP_PORT").value_or("8080")};

  RunOptions options;
  options.load = [&] { return config::load_file(arguments.file, files); };
  options.files = &files;
  options.on_ready = [&](const std::vector<std::string>&) {
    (*origin)->serve();  // here, since the signals are blocked by now, and the thread inherits that
    world.err << what_to_try(ports, certificate, arguments, "http://" + (*origin)->authority());
    world.err.flush();
  };
  return static_cast<Exit>(run_server(options));
}

}  // namespace sp::app
