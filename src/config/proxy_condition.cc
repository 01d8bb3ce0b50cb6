#include "config/proxy_condition.h"

#include "config/grammar.h"
#include "config/grammar_text.h"
#include "config/node.h"
#include "config/variables.h"

namespace sp::config {
namespace {

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

bool names_host(std::string_view name) { return name == "authority"; }

std::string normal_host(std::string_view said) {
  std::string host = lower(said);
  if (host.ends_with('.')) host.pop_back();
  return host;
}

Problem not_a_condition(std::string_view text) {
  return {backquoted(text) + " is not a condition",
          "write `${proxy.authority} = mail.example.com`; a `*` may stand at either end of the text"};
}

}  // namespace

bool ProxyCondition::holds(std::string_view said) const {
  std::string host;
  if (names_host(name)) said = host = normal_host(said);
  if (said.empty()) return false;
  if (open_front && open_back) return said.contains(text);
  if (open_front) return said.ends_with(text);
  return open_back ? said.starts_with(text) : said == text;
}

bool is_proxy_condition(std::string_view text) { return text.starts_with("${"); }

std::expected<ProxyCondition, Problem> parse_proxy_condition(std::string_view text) {
  const auto close = text.find('}');
  if (!is_proxy_condition(text) || close == std::string_view::npos) return std::unexpected(not_a_condition(text));
  const std::string_view variable = text.substr(0, close + 1);
  if (auto problem = known_variables(variable, When::request)) return std::unexpected(*std::move(problem));
  const std::string_view name = variable.substr(2, variable.size() - 3);
  if (!name.starts_with(proxy_variable_prefix)) {
    return std::unexpected(Problem{backquoted(variable) + " is not asked about here: only what a PROXY header says is",
                                   "write `${proxy.authority} = mail.example.com`, or an address"});
  }
  std::string_view wanted = trimmed(text.substr(close + 1));
  if (!wanted.starts_with('=')) return std::unexpected(not_a_condition(text));
  wanted = trimmed(wanted.substr(1));
  ProxyCondition condition{.name = std::string(name.substr(proxy_variable_prefix.size())), .text = {}};
  condition.open_front = wanted.starts_with('*');
  if (condition.open_front) wanted.remove_prefix(1);
  condition.open_back = wanted.ends_with('*');
  if (condition.open_back) wanted.remove_suffix(1);
  const bool any = condition.open_front || condition.open_back;
  if (wanted.contains('*') || (wanted.empty() && !any)) return std::unexpected(not_a_condition(text));
  condition.text = names_host(condition.name) ? lower(wanted) : std::string(wanted);
  if (names_host(condition.name) && !condition.open_back) condition.text = normal_host(condition.text);
  return condition;
}

}  // namespace sp::config
