#include "import/nginx/target.h"

#include "config/address.h"
#include "config/grammar.h"
#include "import/nginx/values.h"
#include "import/nginx/variables.h"

namespace sp::import::nginx {
namespace {

struct Parts {
  std::string scheme, authority;  // "unix:/run/x.sock" is an authority too
  std::optional<std::string> uri;
};

std::optional<Parts> split(const std::string& url, bool grpc) {
  Parts parts;
  std::string rest = url;
  const size_t scheme = url.find("://");
  if (scheme != std::string::npos) {
    parts.scheme = url.substr(0, scheme);
    rest = url.substr(scheme + 3);
  } else if (grpc) {
    parts.scheme = "grpc";
  } else {
    return std::nullopt;
  }
  if (parts.scheme == "grpc") parts.scheme = "h2c";
  if (parts.scheme == "grpcs") parts.scheme = "https";
  if (parts.scheme != "http" && parts.scheme != "https" && parts.scheme != "h2c") return std::nullopt;
  const bool is_unix = rest.starts_with("unix:");
  const size_t path = is_unix ? rest.find(':', 5) : rest.find_first_of("/?");
  parts.authority = rest.substr(0, path);
  if (path != std::string::npos) parts.uri = rest.substr(path + (is_unix ? 1 : 0));
  // The whole of what was asked for is what is sent without a URI too.
  for (const std::string_view whole : {"$request_uri", "$uri", "$uri$is_args$args", "/$request_uri"}) {
    if (parts.uri == whole) parts.uri.reset();
  }
  // "http://$app$request_uri": no slash is between.
  for (const std::string_view whole : {"$request_uri", "$uri$is_args$args", "$uri"}) {
    if (!parts.uri && parts.authority.ends_with(whole)) parts.authority.resize(parts.authority.size() - whole.size());
  }
  return parts;
}

class Passing {
 public:
  Passing(const HttpServer& server, const Scope& scope, const Directive& at, Kind kind)
      : server_(server), scope_(scope), at_(at), kind_(kind) {}

  Passed find() {
    const auto parts = split(with_set_variables(scope_, at_.arg(0), server_.report), at_.is("grpc_pass"));
    if (!parts) {
      failed("the target is not understood: write its URL in `to`");
      return std::move(passed_);
    }
    passed_.tls = parts->scheme == "https";
    if (!to_server(*parts)) return std::move(passed_);
    if (parts->uri) add_uri(*parts->uri);
    return std::move(passed_);
  }

 private:
  void failed(std::string why) {
    passed_.target.reset();
    passed_.why = std::move(why);
  }
  bool to_server(const Parts& parts);
  bool to_upstream(const Directive& block, const Parts& parts);
  void add_uri(std::string uri);

  const HttpServer& server_;
  const Scope& scope_;
  const Directive& at_;
  Kind kind_;
  Passed passed_;
};

bool Passing::to_server(const Parts& parts) {
  if (const Directive* block = Upstreams::find(server_.http, parts.authority)) return to_upstream(*block, parts);
  const auto address = parse_server(parts.authority);
  const Found variable = find_variable(parts.authority);
  if (!address) {
    failed(variable.begin != std::string_view::npos
               ? "the server is chosen by $" + std::string(variable.name) +
                     " while a request is served, which is not available: write a route for each server"
               : "the address of the server is not understood");
    return false;
  }
  Target target{.base = server_url(*address, parts.scheme, 0)};
  if (const auto problem = config::parse_address(target.base, config::AddressUse::target); !problem) {
    failed(problem.error().message);
    return false;
  }
  passed_.host = address->unix_path.empty() ? address->host : "localhost";
  passed_.host_setting = address->unix_path.empty() ? "upstream" : "localhost";
  passed_.target = std::move(target);
  return true;
}

bool Passing::to_upstream(const Directive& block, const Parts& parts) {
  passed_.upstream = server_.upstreams.use(block, parts.scheme);
  if (passed_.upstream == nullptr) {
    failed("no server of the upstream " + parts.authority + " could be translated");
    return false;
  }
  Target target{.base = passed_.upstream->name, .upstream = true};
  if (passed_.upstream->servers.size() == 1) target.only_server = passed_.upstream->servers.front().url;
  passed_.host = parts.authority;
  passed_.host_setting = config::host_setting(parts.authority) ? "upstream" : parts.authority;
  passed_.target = std::move(target);
  return true;
}

void Passing::add_uri(std::string uri) {
  Report& report = server_.report;
  // The query stays by itself.
  for (const std::string_view query : {"$is_args$args", "?$args", "?$query_string", "$is_args$query_string"}) {
    if (uri.ends_with(query)) uri.resize(uri.size() - query.size());
  }
  const Expanded expanded = expand(uri, server_.name);
  if (!expanded.unknown.empty()) {
    failed(expanded.unknown + " in the path of the target has no counterpart");
    return;
  }
  std::string path = expanded.text.substr(0, expanded.text.find_first_of("?#"));
  if (path != expanded.text) report.lost(at_, "a query in the target is not available: the client's is passed on");
  if (path.empty()) return;
  if (!path.starts_with('/')) path.insert(0, "/");
  if (kind_ != Kind::regex && path.contains("${regex.")) {
    failed("the target has groups of a regular expression that is not the location's");
    return;
  }
  if (const auto problem = config::request_path(path, config::Variables::allowed)) {
    failed(problem->message);
    return;
  }
  passed_.target->uri = path;
  passed_.target->whole = expanded.has_variables || kind_ == Kind::regex;
  if (passed_.target->whole && !expanded.has_variables)
    report.lost(at_, "every request of this location goes to " + path);
}

}  // namespace

Passed passed_to(const HttpServer& server, const Scope& scope, const Directive& at, Kind kind) {
  return Passing(server, scope, at, kind).find();
}

}  // namespace sp::import::nginx
