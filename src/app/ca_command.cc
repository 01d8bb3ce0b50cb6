#include "app/ca_command.h"

#include <fmt/format.h>

#include <algorithm>
#include <expected>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <ostream>
#include <vector>

#include "app/shell_text.h"
#include "app/trust_steps.h"
#include "app/wrong_argument.h"
#include "config/load.h"
#include "http/fields.h"
#include "policy/destination_pattern.h"
#include "tls/certificate_authority.h"
#include "tls/pem.h"

namespace sp::app {
namespace {

using config::Finding;
using policy::DestinationPattern;

constexpr std::size_t longest_name = 64;  // of a common name
constexpr int most_days = 36'500;
constexpr std::chrono::hours head_start{1};  // the clocks of clients differ

std::string absolute(const std::string& path) {
  std::error_code error;
  const auto made = std::filesystem::absolute(path, error);
  return error ? path : made.lexically_normal().string();
}

std::string date(std::chrono::system_clock::time_point time) {
  const std::chrono::year_month_day day(std::chrono::floor<std::chrono::days>(time));
  return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(day.year()), static_cast<unsigned>(day.month()),
                     static_cast<unsigned>(day.day()));
}

Exit refuse(const Finding& finding, const CommandWorld& world) {
  world.err << config::print({finding}, {}, world.err_color);
  return Exit::usage;
}

// ---- create

std::expected<void, Finding> permit(std::string_view text, tls::Permitted& permitted) {
  auto pattern = policy::parse_destination(text);
  if (!pattern) return std::unexpected(wrong_argument("--only", pattern.error().message, pattern.error().remedy));
  if (pattern->port != 0) {
    return std::unexpected(wrong_argument(
        "--only", fmt::format("`{}` names a port, and a certificate is for all ports", text), "leave the port out"));
  }
  if (pattern->kind == DestinationPattern::Kind::everything) {
    return std::unexpected(
        wrong_argument("--only", "`*` is no bound", "leave --only out, and the root is for every name"));
  }
  if (pattern->kind == DestinationPattern::Kind::network) {
    permitted.networks.push_back(pattern->network);
  } else {
    // A leading dot would say the same to OpenSSL and Go as it does here, but it is not in RFC 5280, and there are
    // verifiers that refuse it: so the domain itself is permitted too.
    permitted.domains.push_back(pattern->name);
  }
  return {};
}

std::expected<tls::Permitted, Finding> permitted_by(std::string_view only) {
  tls::Permitted permitted;
  while (!only.empty()) {
    const auto comma = only.find(',');
    if (auto added = permit(http::trim(only.substr(0, comma)), permitted); !added)
      return std::unexpected(added.error());
    only.remove_prefix(comma == std::string_view::npos ? only.size() : comma + 1);
  }
  return permitted;
}

std::string name_for(const std::string& machine) {
  std::string name = "Sallyport inspection of " + machine;
  if (name.size() <= longest_name) return name;
  return name.substr(0, std::min(name.find('.'), longest_name));
}

std::vector<std::string> texts_of(const tls::Permitted& permitted) {
  std::vector<std::string> texts = permitted.domains;
  for (const auto& network : permitted.networks) texts.push_back(network.text());
  return texts;
}

// What mostly stands in the way: a root that is there, or the folder that is not.
std::string remedy_for(const tls::AuthorityPaths& paths) {
  const std::string folder = std::filesystem::path(paths.key).parent_path().string();
  return fmt::format(
      "A root that is there is never overwritten: move it away, or name other files with --cert and --key. The folder "
      "must exist: mkdir -p {}",
      shell_text(folder));
}

tls::AuthorityFacts facts_of(const std::string& pem) {
  std::vector<Finding> findings;
  const auto certificates = tls::parse_certificates(pem, {}, findings);
  return certificates.empty() ? tls::AuthorityFacts{} : tls::describe_authority(certificates.front().get());
}

struct Made {
  tls::AuthorityPaths paths;
  tls::AuthorityFacts facts;
  std::vector<std::string> only;
};

void print_json(const Made& made, const CommandWorld& world) {
  const nlohmann::ordered_json json{
      {"certificate", made.paths.certificate},   {"key", made.paths.key}, {"name", made.facts.common_name},
      {"not_after", date(made.facts.not_after)}, {"only", made.only},     {"sha256", made.facts.fingerprint}};
  world.out << json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) << "\n";
}

void print_text(const Made& made, const CommandWorld& world) {
  world.out << fmt::format(
      R"({name}
  certificate  {cert}
  key          {key}, for this user alone
  valid until  {date}
  signs for    {only}
  SHA-256      {print}

Next:
  1. Where the gate runs as another user, give the key to that one: chown USER {key}
  2. Name both in the configuration: inspect: {{ ca: {{ cert: {cert}, key: {key} }} }}
  3. Let clients trust the certificate: sallyport ca export --cert {cert} --for debian
     (or {runtimes})
Who has the key can stand in for every site that the root signs for, before everyone who trusts it.
)",
      fmt::arg("name", made.facts.common_name), fmt::arg("cert", made.paths.certificate),
      fmt::arg("key", made.paths.key), fmt::arg("date", date(made.facts.not_after)),
      fmt::arg("only", made.only.empty() ? "every name"
                                         : fmt::format("{}; what is below domains too, and nothing else",
                                                       fmt::join(made.only, ", "))),
      fmt::arg("print", made.facts.fingerprint), fmt::arg("runtimes", ca_export_runtimes()));
}

// ---- export

struct Root {
  std::vector<tls::AuthorityFacts> certificates;  // of the file, the root's own first
  bool with_key = false;                          // in the same file
};

std::expected<Root, std::vector<Finding>> read_root(const std::string& path, const CommandWorld& world) {
  const config::Text at{path, {.file = "--cert", .line = 0, .column = 0}};
  std::vector<Finding> findings;
  std::optional<std::string> pem = tls::read_pem(at, world.files, findings);
  if (!pem) return std::unexpected(findings);
  Root root;
  root.with_key = pem->contains("PRIVATE KEY-----");
  for (const tls::X509Ptr& each : tls::parse_certificates(*pem, at, findings))
    root.certificates.push_back(tls::describe_authority(each.get()));
  tls::wipe(*pem);
  if (root.certificates.empty()) return std::unexpected(findings);
  return root;
}

// What keeps the steps from being what they should be.
std::optional<Finding> obstacle(const Root& root, const std::string& path) {
  if (root.with_key) {
    return wrong_argument("--cert",
                          fmt::format("{} holds the key too, which would go wherever the certificate goes", path),
                          fmt::format("write the certificate alone: `sallyport ca export --cert {} > ca.pem`", path));
  }
  if (root.certificates.front().may_sign) return std::nullopt;
  return wrong_argument("--cert", fmt::format("the certificate in {} is not an authority's", path),
                        "name the one that `inspect: { ca: ... }` names");
}

// The file of the certificate; empty: what is wrong was said.
std::string certificate_of(const CaExportArguments& arguments, const CommandWorld& world, Exit& exit) {
  if (arguments.cert || !arguments.file) return arguments.cert.value_or(default_ca_certificate);
  const config::Loaded loaded = config::load_file(*arguments.file, world.files);
  if (!loaded.ok()) {
    world.err << config::print(loaded.findings, loaded.sources, world.err_color);
    exit = Exit::configuration;
    return {};
  }
  for (const config::OutboundConfig& entry : loaded.config.outbound) {
    if (entry.inspect) return entry.inspect->ca.cert.value;
  }
  world.err << fmt::format("No entry of `outbound` in {} inspects TLS: it names no `inspect: {{ ca: ... }}`.\n",
                           *arguments.file);
  exit = Exit::failed;
  return {};
}

const TrustTarget* find_target(std::string_view name) {
  const auto found = std::ranges::find(trust_targets(), name, &TrustTarget::name);
  return found == trust_targets().end() ? nullptr : &*found;
}

}  // namespace

std::string ca_export_runtimes() {
  std::vector<std::string_view> names;
  for (const TrustTarget& target : trust_targets()) names.push_back(target.name);
  return fmt::format("{} or pem", fmt::join(names, ", "));
}

Exit ca_create_command(const CaCreateArguments& arguments, const CommandWorld& world) {
  if (arguments.days < 1 || arguments.days > most_days) {
    return refuse(wrong_argument("--days", fmt::format("{} is not a number of days for a root", arguments.days),
                                 fmt::format("1 to {}", most_days)),
                  world);
  }
  auto permitted = permitted_by(arguments.only);
  if (!permitted) return refuse(permitted.error(), world);
  const auto pair = tls::make_authority({.common_name = arguments.name.value_or(name_for(arguments.machine)),
                                         .not_before = world.now - head_start,
                                         .not_after = world.now + std::chrono::days(arguments.days),
                                         .only = *permitted});
  if (!pair && pair.error().code == Code::config_invalid)
    return refuse(wrong_argument("--name", "it cannot be the name of a root", "1 to 64 characters in UTF-8"), world);
  if (!pair) {
    world.err << fmt::format("The root could not be made: {}.\n", info(pair.error().code).what);
    return Exit::failed;
  }
  const tls::AuthorityPaths paths{.certificate = absolute(arguments.cert), .key = absolute(arguments.key)};
  if (const auto stored = tls::store_authority(*pair, paths); !stored) {
    world.err << fmt::format("The root was not made: {}.\n{}\n", stored.error(), remedy_for(paths));
    return Exit::failed;
  }
  const Made made{.paths = paths, .facts = facts_of(pair->certificate), .only = texts_of(*permitted)};
  if (arguments.format == Format::json) {
    print_json(made, world);
  } else {
    print_text(made, world);
  }
  return Exit::ok;
}

Exit ca_export_command(const CaExportArguments& arguments, const CommandWorld& world) {
  const std::string runtime = arguments.runtime.value_or("pem");
  const TrustTarget* target = find_target(runtime);
  if (target == nullptr && runtime != "pem") {
    return refuse(wrong_argument("--for", fmt::format("there is nothing known about `{}`", runtime),
                                 "name one of " + ca_export_runtimes()),
                  world);
  }
  Exit exit = Exit::ok;
  const std::string path = certificate_of(arguments, world, exit);
  if (exit != Exit::ok) return exit;
  const auto root = read_root(path, world);
  if (!root) {
    world.err << config::print(root.error(), {}, world.err_color);
    return Exit::failed;
  }
  if (target == nullptr) {
    for (const tls::AuthorityFacts& each : root->certificates) world.out << each.pem;
    return Exit::ok;
  }
  if (const auto found = obstacle(*root, path)) {
    world.err << config::print({*found}, {}, world.err_color);
    return Exit::failed;
  }
  const tls::AuthorityFacts& facts = root->certificates.front();
  world.out << target->steps({.path = absolute(path), .name = facts.common_name, .bound = facts.bound});
  return Exit::ok;
}

}  // namespace sp::app
