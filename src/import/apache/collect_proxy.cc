// mod_proxy and mod_proxy_balancer.
#include <algorithm>
#include <array>
#include <iterator>

#include "import/apache/collect.h"
#include "import/apache/values.h"

namespace sp::import::apache {
namespace {

Parameters parse_parameters(std::span<const std::string> words) {
  Parameters parameters;
  for (const std::string& word : words) {
    const size_t equals = std::min(word.find('='), word.size());
    parameters.emplace_back(lower(word.substr(0, equals)), word.substr(std::min(word.size(), equals + 1)));
  }
  return parameters;
}

// In a Location the path is the section's, so there is one argument less.
void pass(Context& context, const Directive& directive) {
  const size_t url = context.location != nullptr ? 0 : 1;
  Rule rule{.origin = origin_of(directive)};
  if (directive.args.size() <= url) return context.report.lost(rule.origin, "an argument is missing");
  rule.pattern = context.location != nullptr ? context.location->pattern : directive.arg(0);
  if (directive.is("ProxyPassMatch")) rule.form = MatchForm::regex;
  if (context.location != nullptr) rule.form = context.location->form;
  rule.target = directive.arg(url);
  if (rule.target == "!") rule.does = Rule::Does::leave;
  // Without a slash at its end, ProxyPass takes whole segments as a route does (alias_match of mod_proxy).
  if (context.location == nullptr && rule.form == MatchForm::prefix && rule.pattern != "/" &&
      rule.pattern.ends_with('/')) {
    context.report.changed(rule.origin, "the path without its last slash is taken too");
  }
  rule.parameters = parse_parameters(std::span(directive.args).subspan(url + 1));
  (context.location != nullptr ? context.location->rules : context.server.passes).push_back(std::move(rule));
}

void pass_reverse(Context& context, const Directive& directive) {
  const bool in_location = context.location != nullptr;
  Reverse reverse{.path = in_location ? context.location->pattern : directive.arg(0),
                  .url = directive.arg(in_location ? 0 : 1),
                  .origin = origin_of(directive)};
  context.server.reverses.push_back(std::move(reverse));
}

void reverse_cookie(Context& context, const Directive& directive) {
  context.report.changed(origin_of(directive), "Domain and Path of cookies are mapped back by themselves");
}

void preserve_host(Context& context, const Directive& directive) {
  context.settings.preserve_host = is_on(directive.arg(0));
}

void timeout(Context& context, const Directive& directive) {
  const auto seconds = parse_seconds(directive.arg(0));
  if (!seconds) return context.report.lost(origin_of(directive), "no such time-out");
  (directive.is("ProxyTimeout") ? context.settings.proxy_timeout_seconds : context.settings.timeout_seconds) = seconds;
}

void requests(Context& context, const Directive& directive) {
  if (is_on(directive.arg(0))) {
    return context.report.lost(origin_of(directive), "a forward proxy: write an entry under `outbound`");
  }
  context.report.not_needed(origin_of(directive), "Sallyport is no forward proxy under `inbound`");
}

void add_headers(Context& context, const Directive& directive) {
  if (is_on(directive.arg(0)))
    return context.report.not_needed(origin_of(directive), "Sallyport adds X-Forwarded-* by itself");
  context.report.changed(origin_of(directive),
                         "Sallyport adds X-Forwarded-* always, and takes away what strangers sent");
}

}  // namespace

void collect_balancer(Context& context, const Directive& section) {
  Balancer& balancer = context.server.balancers[lower(section.arg(0))];
  if (balancer.origin.line == 0) balancer.origin = origin_of(section);
  const auto add = [&](const Parameters& parameters) {
    std::ranges::copy(parameters, std::back_inserter(balancer.parameters));
  };
  add(parse_parameters(std::span(section.args).subspan(1)));
  for (const Directive& directive : section.children) {
    if (directive.is("BalancerMember")) {
      balancer.members.push_back(
          {directive.arg(0),
           parse_parameters(std::span(directive.args).subspan(std::min<size_t>(1, directive.args.size()))),
           origin_of(directive)});
    } else if (directive.is("ProxySet")) {
      add(parse_parameters(directive.args));
    } else if (is_access(directive) &&
               same_word(directive.arg(directive.args.empty() ? 0 : directive.args.size() - 1), "granted")) {
      context.report.not_needed(origin_of(directive), "everybody may come in");
    } else if (is_access(directive) && (directive.is("Order") || same_word(directive.arg(1), "all"))) {
      context.report.not_needed(origin_of(directive), "everybody may come in");
    } else {
      context.report.lost(origin_of(directive), "this is not translated for a balancer");
    }
  }
}

std::span<const Known> proxy_directives() {
  static constexpr std::array table{
      Known{"ProxyPass", pass},
      Known{"ProxyPassMatch", pass},
      Known{"ProxyPassReverse", pass_reverse},
      Known{"ProxyPassReverseCookieDomain", reverse_cookie},
      Known{"ProxyPassReverseCookiePath", reverse_cookie},
      Known{"ProxyPreserveHost", preserve_host},
      Known{"ProxyTimeout", timeout},
      Known{"Timeout", timeout},
      Known{"ProxyRequests", requests},
      Known{"ProxyAddHeaders", add_headers},
  };
  return table;
}

}  // namespace sp::import::apache
