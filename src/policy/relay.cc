#include "policy/relay.h"

#include <algorithm>
#include <utility>

namespace sp::policy {

std::uint32_t Relay::add(RelayTarget target) {
  targets_.push_back(std::move(target));
  return static_cast<std::uint32_t>(targets_.size() - 1);
}

void Relay::add_default(RelayTarget target) { default_ = add(std::move(target)); }
void Relay::add_port(std::uint16_t port, RelayTarget target) { ports_.emplace(port, add(std::move(target))); }
void Relay::add_protocol(std::string_view protocol, RelayTarget target) {
  protocols_.insert(protocol, add(std::move(target)));
}

void Relay::add_name(std::string_view pattern, RelayTarget target) {
  if (pattern.ends_with('.')) pattern.remove_suffix(1);
  names_.insert(pattern.starts_with("*.") ? pattern.substr(1) : pattern, add(std::move(target)));
}

const RelayTarget* Relay::by_name(std::string_view name) const {
  if (name.ends_with('.')) name.remove_suffix(1);  // some clients send it
  if (name.empty()) return nullptr;
  if (auto found = names_.find(name)) return &targets_[*found];
  for (auto dot = name.find('.'); dot != std::string_view::npos; dot = name.find('.', dot + 1)) {
    if (auto found = names_.find(name.substr(dot))) return &targets_[*found];
  }
  return nullptr;
}

bool Relay::names_any(std::span<const std::string_view> protocols) const {
  return std::ranges::any_of(protocols, [&](std::string_view name) { return protocols_.find(name).has_value(); });
}

RelayChoice Relay::choose(const RelayQuestion& question) const {
  for (const std::string_view protocol : question.protocols) {
    if (auto found = protocols_.find(protocol)) return {&targets_[*found], "the client offers this protocol"};
  }
  if (const RelayTarget* found = by_name(question.server_name)) return {found, "the client asks for this name"};
  if (auto found = names_.find("*")) {
    return {&targets_[*found], question.server_name.empty() ? "the client asks for no name, and this is for all"
                                                            : "no other name is the one that the client asks for"};
  }
  if (auto found = ports_.find(question.port); found != ports_.end())
    return {&targets_[found->second], "the client has connected to this port"};
  if (default_ >= 0) return {&targets_[static_cast<std::size_t>(default_)], "nothing more special is for it"};
  return {nullptr, "neither its name nor its port is one that is listed, and there is no `to`"};
}

}  // namespace sp::policy
