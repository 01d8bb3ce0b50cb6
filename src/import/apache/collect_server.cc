// The core's own directives: names, addresses, limits; and Redirect of mod_alias.
#include <algorithm>
#include <array>
#include <cctype>

#include "import/apache/collect.h"
#include "import/apache/values.h"

namespace sp::import::apache {
namespace {

// "https://www.example.com:443" is a name too.
std::string name_of(std::string_view text) {
  if (const size_t scheme = text.find("://"); scheme != std::string_view::npos) text.remove_prefix(scheme + 3);
  return lower(text.substr(0, text.find(':')));
}

void server_name(Context& context, const Directive& directive) { context.server.name = name_of(directive.arg(0)); }

void server_alias(Context& context, const Directive& directive) {
  for (const std::string& each : directive.args) {
    std::string name = name_of(each);
    const std::string_view beyond_star = std::string_view(name).substr(name.starts_with("*.") ? 2 : 0);
    if (name != "*" && beyond_star.find_first_of("*?") != std::string_view::npos) {
      context.report.lost(origin_of(directive),
                          "of wildcards, only *.example.com and * are available: write the names out for " + name);
    } else {
      context.server.aliases.push_back(std::move(name));
    }
  }
}

void listen(Context& context, const Directive& directive) { context.configuration.listens.push_back(directive.arg(0)); }

void encoded_slashes(Context& context, const Directive& directive) {
  context.settings.encoded_slashes = !same_word(directive.arg(0), "off");
  if (is_on(directive.arg(0))) {
    context.report.changed(origin_of(directive), "an encoded slash is passed on as it is (as with NoDecode)");
  }
}

void max_body(Context& context, const Directive& directive) {
  const auto bytes = parse_number(directive.arg(0));
  if (!bytes) return context.report.lost(origin_of(directive), "no such size");
  context.settings.max_body = bytes;  // 0: no limit
}

// Only where more is asked for than Sallyport allows anyway: that somebody had a need for it is what matters.
void limit(Context& context, const Directive& directive) {
  const auto value = parse_number(directive.arg(0));
  const Origin at = origin_of(directive);
  if (!value) return context.report.lost(at, "no such limit");
  DraftLimits& limits = context.configuration.limits;
  if (directive.is("LimitRequestLine") && *value > 8192) {
    limits.request_line = size_text(*value);
  } else if (directive.is("LimitRequestFieldSize") && *value > 65536) {
    limits.head = size_text(*value);
  } else if (directive.is("LimitRequestFields") && *value > 128) {
    limits.fields = directive.arg(0);
  } else {
    context.report.not_needed(at, "Sallyport's own limit is no narrower, or 0 is not available");
  }
}

void remote_ip(Context& context, const Directive& directive) {
  const Origin at = origin_of(directive);
  if (directive.is("RemoteIPHeader")) {
    if (same_word(directive.arg(0), "X-Forwarded-For")) return context.report.changed(at, "see trusted_proxies");
    return context.report.lost(at, "the client's address is taken from X-Forwarded-For or Forwarded only");
  }
  for (const std::string& each : directive.args) {
    const auto pattern = address_pattern(each);
    if (!pattern) {
      context.report.lost(at, "trusted_proxies takes addresses only, not " + each);
    } else if (std::ranges::find(context.configuration.trusted_proxies, *pattern) ==
               context.configuration.trusted_proxies.end()) {
      context.configuration.trusted_proxies.push_back(*pattern);
    }
  }
}

std::optional<int> redirect_status(std::string_view word) {
  static constexpr std::array<std::pair<std::string_view, int>, 4> names{
      {{"permanent", 301}, {"temp", 302}, {"seeother", 303}, {"gone", 410}}};
  for (const auto& [name, status] : names) {
    if (same_word(word, name)) return status;
  }
  const auto number = parse_number(word);
  return number && *number >= 300 && *number < 600 ? std::optional<int>(static_cast<int>(*number)) : std::nullopt;
}

void redirect(Context& context, const Directive& directive) {
  Rule rule{.does = Rule::Does::redirect,
            .status = directive.is("RedirectPermanent") ? 301 : 302,
            .origin = origin_of(directive)};
  std::vector<std::string> args = directive.args;
  if (const auto status = args.empty() ? std::nullopt : redirect_status(args.front())) {
    rule.status = *status;
    args.erase(args.begin());
  }
  if (rule.status >= 400 || rule.status == 304) rule.does = Rule::Does::respond;
  const size_t needed = rule.does == Rule::Does::redirect ? 2 : 1;
  if (context.location != nullptr && args.size() < needed) {
    args.insert(args.begin(), context.location->pattern);  // the target stands alone; nothing is appended to it
    rule.form = context.location->form;
  } else {
    rule.form = directive.is("RedirectMatch") ? MatchForm::regex : MatchForm::prefix;
    rule.appends_rest = rule.form == MatchForm::prefix;
  }
  if (args.size() < needed) return context.report.lost(rule.origin, "an argument is missing");
  rule.pattern = args[0];
  if (needed == 2) rule.target = args[1];
  (context.location != nullptr ? context.location->rules : context.server.redirects).push_back(std::move(rule));
}

}  // namespace

std::span<const Known> server_directives() {
  static constexpr std::array table{
      Known{"ServerName", server_name},
      Known{"ServerAlias", server_alias},
      Known{"Listen", listen},
      Known{"AllowEncodedSlashes", encoded_slashes},
      Known{"LimitRequestBody", max_body},
      Known{"LimitRequestLine", limit},
      Known{"LimitRequestFieldSize", limit},
      Known{"LimitRequestFields", limit},
      Known{"RemoteIPHeader", remote_ip},
      Known{"RemoteIPTrustedProxy", remote_ip},
      Known{"RemoteIPInternalProxy", remote_ip},
      Known{"Redirect", redirect},
      Known{"RedirectMatch", redirect},
      Known{"RedirectPermanent", redirect},
      Known{"RedirectTemp", redirect},
  };
  return table;
}

}  // namespace sp::import::apache
