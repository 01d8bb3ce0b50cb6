// What Apache's directives say, section by section, before it is turned into routes: the server, each virtual host,
// each Location. Plain values; collect.h fills them in.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "import/apache/tree.h"
#include "import/draft.h"

namespace sp::import::apache {

struct Origin {  // where something stands
  std::string file;
  int line = 0;
  std::string text;  // the directive
};
Origin origin_of(const Directive& directive);
std::string brief(const Origin& origin);  // "front.conf:12"

using Parameters = std::vector<std::pair<std::string, std::string>>;  // key=value, keys in lower case

// Who may come in. Apache's Require in its many forms, and Order/Allow/Deny, brought down to addresses.
struct Access {
  bool set = false;                      // something was said here: it replaces what an outer section said
  std::vector<std::string> allow, deny;  // as Sallyport has them
  std::string closed_because;            // not empty: what was asked for is not available, so nobody may come in
  std::vector<std::string> comments;
};

// What a section says about the requests in it. Unset members leave what the outer section says.
struct Settings {
  std::optional<bool> preserve_host;
  std::optional<int> proxy_timeout_seconds, timeout_seconds;
  std::optional<std::string> proxy_verify;  // none | optional | require...
  std::optional<bool> check_name, check_cn, check_expire;
  std::optional<std::string> proxy_ca, proxy_client_certificate;
  std::optional<bool> encoded_slashes;
  std::optional<std::uint64_t> max_body;
  std::string host;  // RequestHeader set Host
  Access access;
  DraftEdits request, response;
  void merge(const Settings& inner);
};

enum class MatchForm : std::uint8_t { exact, prefix, regex };

// One thing that Apache does with some paths.
struct Rule {
  enum class Does : std::uint8_t { proxy, leave, redirect, respond };
  MatchForm form = MatchForm::prefix;
  std::string pattern;  // a path, or a regular expression
  Does does = Does::proxy;
  std::string target;         // proxy: URL, of a regex with $1; redirect: a URL
  bool appends_rest = false;  // redirect of a prefix: what follows the prefix is appended to the target
  int status = 0;             // of redirect and respond
  Parameters parameters;
  Origin origin;
};

// <Location>, <LocationMatch>, and what stands in them.
struct LocationScope {
  MatchForm form = MatchForm::prefix;
  std::string pattern;
  Settings settings;
  std::vector<Rule> rules;
  Origin origin;
};

struct Reverse {
  std::string path, url;
  Origin origin;
};

struct ServerTls {
  std::optional<bool> engine;
  std::vector<std::pair<std::string, Origin>> certificates;
  std::vector<std::string> keys;
  std::optional<std::pair<std::string, Origin>> chain;
  std::optional<std::string> verify_client, client_ca;
  bool modern = false;
  Origin verify_origin;
};

struct Balancer {
  struct Member {
    std::string url;
    Parameters parameters;
    Origin origin;
  };
  std::vector<Member> members;
  Parameters parameters;
  Origin origin;
};

// The server as a whole, or a virtual host.
struct Server {
  std::vector<std::string> addresses;  // of <VirtualHost>
  std::string name;
  std::vector<std::string> aliases;
  ServerTls tls;
  Settings settings;
  std::vector<Rule> websocket_rewrites;  // for requests with Upgrade only
  std::vector<Rule> rewrites;            // in Apache's order: these come first,
  std::vector<LocationScope> locations;  // then the innermost (last) Location that has rules,
  std::vector<Rule> passes;              // then ProxyPass,
  std::vector<Rule> redirects;           // and Redirect last
  std::vector<Reverse> reverses;
  // A rule that sends everything to https on the same name, which is not among `rewrites`: the name in its target.
  std::optional<std::string> redirects_to_https;
  std::map<std::string, Balancer> balancers;
  std::vector<LocationScope> proxy_sections;  // <Proxy URL>: pattern is the URL's beginning, or * for all
  Origin origin;
};

struct Configuration {
  Server server;  // what stands outside of all virtual hosts
  std::vector<Server> virtual_hosts;
  std::vector<std::string> listens;  // "443", "10.0.0.1:80", "[::1]:80"
  std::vector<std::string> trusted_proxies;
  DraftLimits limits;
};

}  // namespace sp::import::apache
