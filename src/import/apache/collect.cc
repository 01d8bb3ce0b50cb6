#include "import/apache/collect.h"

#include <algorithm>
#include <array>

#include "import/summary.h"

namespace sp::import::apache {

Origin origin_of(const Directive& directive) { return {directive.file, directive.line, directive.text()}; }

std::string brief(const Origin& origin) { return import::brief(origin.file, origin.line); }

namespace {

const Known* find_known(std::string_view name) {
  for (const auto table : {proxy_directives(), tls_directives(), header_directives(), server_directives()}) {
    const auto found = std::ranges::find_if(table, [&](const Known& known) { return same_word(known.name, name); });
    if (found != table.end()) return &*found;
  }
  return nullptr;
}

void collect_section(Context& context, const Directive& section);
void collect_all(Context& context, std::span<const Directive> directives);

// Sections and directives about files on disk: what is proxied does not pass through them.
bool is_about_files(const Directive& section) {
  static constexpr std::array names{"Directory", "DirectoryMatch", "Files", "FilesMatch"};
  return std::ranges::any_of(names, [&](std::string_view name) { return section.is(name); });
}

void report_unknown(Context& context, const Directive& directive) {
  const Origin at = origin_of(directive);
  if (const auto why = why_not_needed(directive.name); !why.empty())
    return context.report.not_needed(at, std::string(why));
  const auto why = why_lost(directive.name);
  context.report.lost(at, why.empty() ? "this directive is not known to the importer" : std::string(why));
}

void collect_directive(Context& context, const Directive& directive) {
  if (directive.section) return collect_section(context, directive);
  const Known* known = find_known(directive.name);
  if (known == nullptr) return report_unknown(context, directive);
  const auto unresolved =
      std::ranges::find_if(directive.args, [](const std::string& arg) { return arg.contains("${"); });
  if (unresolved != directive.args.end()) {
    return context.report.lost(origin_of(directive), "the variable is not defined in these files: put its value there");
  }
  known->handler(context, directive);
}

void collect_all(Context& context, std::span<const Directive> directives) {
  collect_access(context, directives);
  collect_rewrites(context, directives);
  for (const Directive& directive : directives) {
    if (!is_access(directive) && !is_rewrite(directive)) collect_directive(context, directive);
  }
}

// `<Location ~ "regex">` is LocationMatch; in a path, * and ? are wildcards, which are rare enough to become a regex.
std::pair<MatchForm, std::string> location_pattern(const Directive& section) {
  if (section.is("LocationMatch")) return {MatchForm::regex, section.arg(0)};
  if (section.arg(0) == "~") return {MatchForm::regex, section.arg(1)};
  const std::string& path = section.arg(0);
  if (path.find_first_of("*?[") == std::string::npos) return {MatchForm::prefix, path};
  std::string regex = "^";
  for (const char c : path) {
    if (c == '*')
      regex += "[^/]*";
    else if (c == '?')
      regex += "[^/]";
    else if (std::string_view(".+()^$|\\{}").contains(c))
      regex.append("\\").append(1, c);
    else
      regex += c;
  }
  return {MatchForm::regex, regex + "(/|$)"};
}

void collect_location(Context& outer, const Directive& section) {
  LocationScope location;
  std::tie(location.form, location.pattern) = location_pattern(section);
  location.origin = origin_of(section);
  Context context{outer.configuration, outer.server, location.settings, &location, outer.report};
  collect_all(context, section.children);
  outer.server.locations.push_back(std::move(location));
}

// <Proxy URL>: settings for what is sent there. <Proxy *> is about everything that is proxied.
void collect_proxy_section(Context& outer, const Directive& section) {
  const std::string url = lower(section.arg(0));
  if (url.starts_with("balancer://") && !section.is("ProxyMatch")) return collect_balancer(outer, section);
  LocationScope proxy;
  proxy.pattern = section.is("ProxyMatch") ? "*" : url;
  proxy.origin = origin_of(section);
  Context context{outer.configuration, outer.server, proxy.settings, nullptr, outer.report};
  collect_all(context, section.children);
  if (url == "*" || section.is("ProxyMatch")) {
    if (section.is("ProxyMatch") && section.arg(0) != ".*") {
      outer.report.changed(proxy.origin, "its settings are taken for everything that is proxied");
    }
    proxy.pattern = "*";
  }
  while (proxy.pattern.size() > 1 && proxy.pattern.ends_with('*')) proxy.pattern.pop_back();
  outer.server.proxy_sections.push_back(std::move(proxy));
}

void collect_virtual_host(Context& outer, const Directive& section) {
  if (outer.location != nullptr || &outer.server != &outer.configuration.server) {
    return outer.report.lost(origin_of(section), "a virtual host within another section");
  }
  Server host;
  host.addresses = section.args;
  host.origin = origin_of(section);
  Context context{outer.configuration, host, host.settings, nullptr, outer.report};
  collect_all(context, section.children);
  outer.configuration.virtual_hosts.push_back(std::move(host));
}

// In sections about files only what would send a request elsewhere matters.
void collect_files_section(Context& context, const Directive& section) {
  context.report.not_needed(origin_of(section), "about files, which Sallyport does not serve");
  for (const Directive& child : section.children) {
    if (child.section && is_about_files(child)) {
      collect_files_section(context, child);
    } else if ((child.is("RewriteRule") && child.arg(2).contains('P')) || child.is("ProxyPass") ||
               (child.is("SetHandler") && lower(child.arg(0)).contains("proxy:"))) {
      context.report.lost(origin_of(child),
                          "sends requests elsewhere from a section about files: write a route for it");
    }
  }
}

// Requests with certain methods only. An access rule in it would need a route for each method.
void collect_limit(Context& context, const Directive& section) {
  const bool only_allows = std::ranges::all_of(section.children, [](const Directive& child) {
    return (child.is("Require") && same_word(child.arg(0), "all") && same_word(child.arg(1), "granted")) ||
           child.is("Order") || (child.is("Allow") && same_word(child.arg(1), "all"));
  });
  if (only_allows) return context.report.not_needed(origin_of(section), "allows what is allowed anyway");
  context.report.lost(origin_of(section),
                      "rules for certain methods: routes do not look at the method; the server has to");
}

void collect_section(Context& context, const Directive& section) {
  if (section.is("VirtualHost")) return collect_virtual_host(context, section);
  if (section.is("Location") || section.is("LocationMatch")) return collect_location(context, section);
  if (section.is("Proxy") || section.is("ProxyMatch")) return collect_proxy_section(context, section);
  if (section.is("Limit") || section.is("LimitExcept")) return collect_limit(context, section);
  if (is_about_files(section)) return collect_files_section(context, section);
  const std::string_view why = why_lost(section.name);
  context.report.lost(origin_of(section),
                      std::string(why.empty() ? "this section is not known; nothing in it was translated" : why));
}

}  // namespace

Configuration collect(const Tree& tree, Report& report) {
  Configuration configuration;
  if (!tree.directives.empty()) {
    configuration.server.origin = origin_of(tree.directives.front());
    configuration.server.origin.text = "(outside of all virtual hosts)";
  }
  Context context{configuration, configuration.server, configuration.server.settings, nullptr, report};
  collect_all(context, tree.directives);
  return configuration;
}

}  // namespace sp::import::apache
