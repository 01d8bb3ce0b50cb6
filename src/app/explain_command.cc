#include "app/explain_command.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <ostream>

#include "app/connection_explanation.h"
#include "app/explain_outbound.h"
#include "app/explanation.h"
#include "app/image_explanation.h"
#include "app/load_snapshot.h"
#include "app/print_steps.h"
#include "codec/proxy_protocol/describe.h"
#include "codec/proxy_protocol/reader.h"
#include "config/grammar.h"

namespace sp::app {
namespace {

constexpr const char* usual_client = "192.0.2.1";

// Nothing: what is wrong was said.
std::optional<SaidInHeader> header_from(const ExplainArguments& arguments, const CommandWorld& world) {
  SaidInHeader header;
  for (const std::string& each : arguments.proxy) {
    const auto equals = each.find('=');
    const std::string name = each.substr(0, equals);
    if (equals == std::string::npos || config::proxy_value_name(name)) {
      world.err << "--proxy takes NAME=TEXT, where NAME is one of those of ${proxy.NAME}, not '" << each << "'.\n";
      return std::nullopt;
    }
    header.insert_or_assign(name, each.substr(equals + 1));
  }
  return header;
}

std::optional<DryRequest> request_from(const ExplainArguments& arguments, const CommandWorld& world) {
  DryRequest request;
  request.from = arguments.from.value_or(usual_client);
  request.url = arguments.request.back();
  if (arguments.request.size() == 2) request.method = arguments.request.front();
  if (!request.url.starts_with("https://") && !request.url.starts_with("http://")) {
    world.err << "'" << request.url
              << "' is not a URL that begins with https:// or http://, nor that of a connection (tcp://, tls://, "
                 "smtp://, imap://, pop3://, sieve://).\n";
    return std::nullopt;
  }
  if (!IpAddress::parse(request.from)) {
    world.err << "--from takes an IP address, not '" << request.from << "'.\n";
    return std::nullopt;
  }
  for (const std::string& line : arguments.fields) {
    auto colon = line.find(':');
    if (colon == std::string::npos || colon == 0) {
      world.err << "--header takes 'Name: value', not '" << line << "'.\n";
      return std::nullopt;
    }
    request.fields.emplace_back(line.substr(0, colon), http::trim(std::string_view(line).substr(colon + 1)));
  }
  return request;
}

void print_json(DryRun& run, const std::vector<Step>& steps, const CommandWorld& world) {
  nlohmann::ordered_json json;
  json["outcome"] = outcome(run);
  json["status"] = run.status();
  if (run.refused()) json["code"] = name(run.admission().error.code);
  if (!run.admission().location.empty()) json["location"] = run.admission().location;
  const policy::Route* route = run.admission().match.route;
  if (route != nullptr) json["route"] = {{"label", route->label()}, {"place", route->place_text}};
  if (run.forwarded()) {
    for (const DryRun::Asked& asked : run.asked())
      json["upstream"].push_back({{"url", asked.url}, {"host", asked.host}});
    for (const auto& [name, value] : fields_for_server(run))
      json["fields"].push_back({{"name", name}, {"value", value}});
  }
  add_steps(steps, json);
  world.out << json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) << "\n";
}

std::string hex(std::string_view octets) {
  std::string text;
  for (const char c : octets) text += fmt::format("{:02x}", static_cast<unsigned char>(c));
  return text;
}

nlohmann::ordered_json json_of(const SentHeader& sent) {
  codec::proxy_protocol::Header header;
  const auto read =
      codec::proxy_protocol::HeaderReader({.rest = codec::proxy_protocol::rest_max}).read(sent.octets, header);
  return {{"octets", hex(sent.octets)},
          {"text", read ? codec::proxy_protocol::describe(header) : std::string()},
          {"examples", sent.made_up}};
}

void print_json(const DryConnection& run, const CommandWorld& world) {
  nlohmann::ordered_json json;
  json["outcome"] = outcome(run);
  if (run.refused()) json["code"] = name(run.code());
  json["listener"] = {{"name", run.entry().name},
                      {"url", run.listen().text},
                      {"place", policy::file_and_line(run.entry().config->place)}};
  json["must_send_proxy_header"] = run.introduces_itself();
  if (const policy::RelayTarget* target = run.choice().target) {
    json["target"] = {{"label", target->label}, {"why", run.choice().why}, {"place", target->place_text}};
    for (const policy::Server& server : run.upstream()->servers) json["servers"].push_back(run.server_url(server));
    if (run.upstream()->send_proxy.on()) json["proxy_header"] = json_of(header_for_server(run));
  }
  add_steps(explain(run), json);
  world.out << json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) << "\n";
}

Exit failed(const std::string& why, const CommandWorld& world) {
  world.err << why << ".\n";
  return Exit::failed;
}

Exit explain_request(const DryRequest& request, const proxy::Snapshot& snapshot, Format format,
                     const CommandWorld& world) {
  auto run = DryRun::decide(snapshot, request);
  if (!run && snapshot.config.inbound.empty())
    return failed("There is no `inbound`: what applications ask the way out for is explained with --outbound", world);
  if (!run) return failed(run.error(), world);
  std::vector<Step> steps = explain(**run);
  std::ranges::move(explain_image(**run, snapshot, world), std::back_inserter(steps));
  if (format == Format::json) {
    print_json(**run, steps, world);
  } else {
    world.out << fmt::format("{} {} from {}\n\n", request.method, request.url, request.from);
    print_steps(steps, world);
  }
  return Exit::ok;
}

Exit explain_connection(const ConnectionQuestion& question, const proxy::Snapshot& snapshot, Format format,
                        const CommandWorld& world) {
  auto run = DryConnection::decide(snapshot, question);
  if (!run) return failed(run.error(), world);
  if (format == Format::json) {
    print_json(**run, world);
  } else {
    world.out << fmt::format("{} from {}\n\n", question.url, question.from);
    print_steps(explain(**run), world);
  }
  return Exit::ok;
}

// Null: what is wrong was said.
std::optional<ConnectionQuestion> connection_from(const ExplainArguments& arguments, const CommandWorld& world) {
  ConnectionQuestion question{.url = arguments.request.back(),
                              .from = arguments.from.value_or(usual_client),
                              .sni = arguments.sni,
                              .alpn = arguments.alpn,
                              .proxy = {}};
  std::string wrong;
  if (arguments.request.size() == 2) wrong = "A connection has no method: give its URL alone";
  if (!arguments.fields.empty()) wrong = "--header is for requests: a connection that is passed on has no fields";
  if (!IpAddress::parse(question.from)) wrong = fmt::format("--from takes an IP address, not '{}'", question.from);
  if (wrong.empty()) return question;
  world.err << wrong << ".\n";
  return std::nullopt;
}

}  // namespace

Exit explain_command(const ExplainArguments& arguments, const CommandWorld& world) {
  if (arguments.outbound) return explain_outbound(arguments, world);
  auto path = find_configuration(arguments.file, world);
  if (!path) return Exit::usage;
  if (arguments.user || arguments.entry || !arguments.addresses.empty()) {
    world.err << "--user, --entry and --address are for the way out: add --outbound.\n";
    return Exit::usage;
  }
  const bool connection = is_connection(arguments.request.back());
  std::optional<ConnectionQuestion> question;
  std::optional<DryRequest> request;
  if (connection) {
    question = connection_from(arguments, world);
  } else if (arguments.sni || !arguments.alpn.empty()) {
    world.err << "--sni and --alpn are for connections (tcp://, tls:// and mail).\n";
  } else {
    request = request_from(arguments, world);
  }
  const auto header = header_from(arguments, world);
  if (!header || (!question && !request)) return Exit::usage;
  (question ? question->proxy : request->proxy) = *header;
  LoadedSnapshot loaded = load_snapshot(*path, NamedFiles::if_readable, world);
  world.err << config::print(loaded.findings, loaded.sources, world.err_color);
  if (loaded.snapshot == nullptr) return Exit::configuration;
  return question ? explain_connection(*question, *loaded.snapshot, arguments.format, world)
                  : explain_request(*request, *loaded.snapshot, arguments.format, world);
}

}  // namespace sp::app
