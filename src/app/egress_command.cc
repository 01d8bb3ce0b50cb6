#include "app/egress_command.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <ostream>
#include <utility>

#include "app/server.h"
#include "http/fields.h"

namespace sp::app {
namespace {

// A text of JSON is one of YAML, whatever it holds.
std::string yaml_text(const nlohmann::json& value) {
  return value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

config::Place argument(const char* name) { return {.file = name, .line = 0, .column = 0}; }

// How the lines of egress_configuration() begin, and the arguments that they come from.
constexpr std::array lines{std::pair{"listen:", "--listen"},   std::pair{"users:", "--users"},
                           std::pair{"clients:", "--clients"}, std::pair{"private_networks:", "--private-network"},
                           std::pair{"- deny:", "--deny"},     std::pair{"- allow:", "--allow"},
                           std::pair{"- { cert:", "--cert"}};

config::Place argument_at(std::string_view text, const config::Place& place) {
  for (int line = 1; line < place.line; ++line) text.remove_prefix(std::min(text.find('\n') + 1, text.size()));
  text = http::trim(text.substr(0, text.find('\n')));
  for (const auto& [begin, name] : lines) {
    if (text.starts_with(begin)) return argument(name);
  }
  return argument("--listen");
}

// What is to be done where there is no file: the arguments are named.
std::string remedy_by_argument(const config::Finding& finding) {
  struct Row {
    std::string_view message, remedy;
  };
  static constexpr std::array rows{
      Row{"nothing says who may use this way out",
          "add --clients 10.0.0.0/8 or --users /etc/sallyport/egress.htpasswd, or listen on 127.0.0.1"},
      Row{"needs a certificate, and there is none", "add --cert /path/cert.pem --key /path/key.pem"}};
  const auto row = std::ranges::find_if(rows, [&](const Row& each) { return finding.message.contains(each.message); });
  return row == rows.end() ? finding.remedy : std::string(row->remedy);
}

void move_all(std::vector<config::Text>& texts, const char* name) {
  for (config::Text& text : texts) text.place = argument(name);
}

// So that what is found after loading speaks of arguments too.
void move_places(config::OutboundConfig& entry) {
  entry.place = argument("--listen");
  move_all(entry.listen, "--listen");
  move_all(entry.clients, "--clients");
  move_all(entry.private_networks, "--private-network");
  if (!entry.users.empty()) entry.users.place = argument("--users");
  for (config::OutboundRuleConfig& rule : entry.rules) {
    rule.place = argument(rule.deny.empty() ? "--allow" : "--deny");
    move_all(rule.allow, "--allow");
    move_all(rule.deny, "--deny");
  }
}

}  // namespace

std::string egress_configuration(const EgressArguments& arguments) {
  std::string text;
  if (arguments.cert) {
    text += fmt::format("certificates:\n  - {{ cert: {}, key: {}, default: true }}\n", yaml_text(*arguments.cert),
                        yaml_text(arguments.key.value_or(*arguments.cert)));
  }
  text += fmt::format("outbound:\n  - name: egress\n    listen: {}\n", yaml_text(arguments.listen));
  if (arguments.users) text += fmt::format("    users: {}\n", yaml_text(*arguments.users));
  if (!arguments.clients.empty()) text += fmt::format("    clients: {}\n", yaml_text(arguments.clients));
  if (!arguments.private_networks.empty())
    text += fmt::format("    private_networks: {}\n", yaml_text(arguments.private_networks));
  text += "    rules:\n";
  if (!arguments.deny.empty()) text += fmt::format("      - deny: {}\n", yaml_text(arguments.deny));
  return text + fmt::format("      - allow: {}\n", yaml_text(arguments.allow));
}

config::Loaded load_egress(const EgressArguments& arguments, const config::FileSystem& files) {
  const std::string text = egress_configuration(arguments);
  config::Loaded loaded = config::load_text("command line", text, files);
  for (config::Finding& finding : loaded.findings) {
    finding.place = argument_at(text, finding.place);
    finding.remedy = remedy_by_argument(finding);
  }
  for (config::CertificateConfig& certificate : loaded.config.certificates) {
    certificate.place = certificate.cert.place = argument("--cert");
    certificate.key.place = argument(arguments.key ? "--key" : "--cert");
  }
  for (config::OutboundConfig& entry : loaded.config.outbound) move_places(entry);
  return loaded;
}

Exit egress_command(const EgressArguments& arguments, const CommandWorld& world) {
  RunOptions options;
  options.load = [&] { return load_egress(arguments, world.files); };
  options.files = &world.files;
  options.on_ready = [&](const std::vector<std::string>& addresses) {
    world.err << fmt::format("Listening on {}, the way out to {}. Ctrl-C ends it.\n", fmt::join(addresses, ", "),
                             fmt::join(arguments.allow, ", "));
    world.err.flush();
  };
  return static_cast<Exit>(run_server(options));
}

}  // namespace sp::app
