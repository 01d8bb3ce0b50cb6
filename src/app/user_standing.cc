#include "app/user_standing.h"

#include <fmt/format.h>

#include <optional>

#include "config/image_proxy.h"
#include "services/identity/htpasswd.h"

namespace sp::app {
namespace {

constexpr std::size_t largest_file_of_users = std::size_t{16} * 1024 * 1024;

std::optional<identity::Hashes> users_of(const config::Text& file, const config::FileSystem& files) {
  if (file.empty()) return std::nullopt;
  const auto text = files.read(file.value, largest_file_of_users);
  if (!text) return std::nullopt;
  auto hashes = identity::parse_htpasswd(*text);
  if (!hashes) return std::nullopt;
  return *std::move(hashes);
}

}  // namespace

UserStanding standing_of(const std::string& user, const config::Text& file, const config::FileSystem& files) {
  const auto users = user.empty() ? std::nullopt : users_of(file, files);
  if (!users) return UserStanding::not_looked_up;
  return users->contains(user) ? UserStanding::known : UserStanding::unknown;
}

std::vector<config::Finding> unknown_users(const config::Config& config, const config::FileSystem& files) {
  std::vector<config::Finding> findings;
  for (const config::OutboundConfig& entry : config.outbound) {
    if (entry.tls.client_certificates.mode != config::ClientCertificates::off) continue;
    const auto users = users_of(entry.users, files);
    if (!users) continue;
    for (const config::OutboundRuleConfig& rule : entry.rules) {
      for (const std::string& user : rule.who) {
        if (user == config::image_proxy_user || users->contains(user)) continue;
        findings.push_back({config::Finding::Severity::warning, rule.place,
                            fmt::format("`who` names `{}`, who is not in {}", user, entry.users.value),
                            "add the user there with `htpasswd -B`, or correct the name"});
      }
    }
  }
  return findings;
}

}  // namespace sp::app
