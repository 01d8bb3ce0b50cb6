// From the tree of directives to what they mean. Every directive ends either in the Configuration or in the Report.
#pragma once

#include <span>
#include <string_view>

#include "import/apache/report.h"
#include "import/apache/scope.h"
#include "import/apache/tree.h"

namespace sp::import::apache {

// Where a directive stands.
struct Context {
  Configuration& configuration;
  Server& server;           // the virtual host, or the server as a whole
  Settings& settings;       // of the innermost section
  LocationScope* location;  // null outside of Location
  Report& report;
};

using Handler = void (*)(Context& context, const Directive& directive);
struct Known {
  std::string_view name;
  Handler handler;
};

// By topic; each in a file of its own.
std::span<const Known> proxy_directives();
std::span<const Known> tls_directives();
std::span<const Known> header_directives();
std::span<const Known> server_directives();

// Require and its containers, Order, Allow, Deny, Satisfy: all of a section together, since they only mean something
// so.
void collect_access(Context& context, std::span<const Directive> directives);
bool is_access(const Directive& directive);

// RewriteEngine, RewriteCond, RewriteRule of a server or virtual host: conditions belong to the rule that follows.
void collect_rewrites(Context& context, std::span<const Directive> directives);
bool is_rewrite(const Directive& directive);

void collect_balancer(Context& context, const Directive& section);  // <Proxy balancer://...>

// Why a directive needs no translation; empty if it is not among those known to need none.
std::string_view why_not_needed(std::string_view name);
// Why a known directive cannot be translated, and what to do; empty if nothing particular is known.
std::string_view why_lost(std::string_view name);

Configuration collect(const Tree& tree, Report& report);

}  // namespace sp::import::apache
