#include "proxy/admission.h"

#include <algorithm>
#include <charconv>

#include "policy/field_edits.h"
#include "policy/path.h"
#include "policy/upstream_url.h"

namespace sp::proxy {
namespace {

using http::FieldId;
using http::Method;

void refuse(Admission& out, Error error, std::string_view detail = {}) {
  out.verdict = Verdict::refuse;
  out.error = error;
  out.detail = detail;
}
void refuse(Admission& out, Code code, std::string_view detail = {}) {
  refuse(out, Error{.code = code, .side = Side::client, .where = "admission"}, detail);
}

// RFC 9110 section 7.6.2: only for TRACE and OPTIONS. A value that is no number is nobody's: it is ignored.
std::optional<std::uint32_t> max_forwards(const http::RequestHead& request) {
  if (request.method != Method::options && request.method != Method::trace) return std::nullopt;
  const http::Field* field = request.fields.find(FieldId::max_forwards);
  if (field == nullptr) return std::nullopt;
  std::uint32_t hops = 0;
  auto [end, error] = std::from_chars(field->value.data(), field->value.data() + field->value.size(), hops);
  if (error != std::errc{} || end != field->value.data() + field->value.size()) return std::nullopt;
  return hops;
}

// The request came through this very process before: our name is in Via.
bool passed_here(const http::Fields& fields, std::string_view name) {
  if (!fields.has(FieldId::via)) return false;
  return std::ranges::any_of(fields, [&](const http::Field& field) {
    return field.id == FieldId::via && field.value.find(name) != std::string_view::npos;
  });
}

// What can be refused before anybody asks where the request goes.
bool guard(const http::RequestHead& request, Admission& out) {
  if (request.method == Method::connect) {
    refuse(out, Code::connect_refused_here);
  } else if (request.method == Method::trace) {
    refuse(out, Code::trace_refused);
  } else if (max_forwards(request) == 0u) {
    out.verdict = Verdict::answer;
    out.status = 200;
  } else {
    return true;
  }
  return false;
}

// Where the first ';' of a segment is, raw or encoded; npos: nowhere.
std::size_t parameters_at(std::string_view segment) { return std::min(segment.find(';'), segment.find("%3B")); }

// The path as those servers see it that drop parameters from segments ("/admin;x" is "/admin" in Tomcat and its kin).
// The argument itself where there are none.
std::string_view without_parameters(std::string_view path, Arena& arena) {
  if (parameters_at(path) == std::string_view::npos) return path;
  char* out = arena.chars(path.size());
  std::size_t size = 0;
  for (std::size_t begin = 0; begin < path.size();) {
    std::size_t end = std::min(path.find('/', begin + 1), path.size());
    std::string_view segment = path.substr(begin, end - begin);
    segment = segment.substr(0, parameters_at(segment));
    begin = end;
    if (segment == "/" && end < path.size()) continue;  // "/;/admin" is "//admin", which is "/admin"
    std::ranges::copy(segment, out + size);
    size += segment.size();
  }
  return {out, size};
}

// Would another route take the path if its parameters were not there? Then a server behind us may serve what the rules
// of that route are about.
bool belongs_elsewhere(const AdmissionContext& context, const http::RequestHead& request, Arena& arena,
                       const Admission& out) {
  std::string_view bare = without_parameters(out.path, arena);
  if (bare.data() == out.path.data()) return false;
  return context.entry.policy->router.match(request.authority, bare, arena).route != out.match.route;
}

bool belongs_to_https(const AdmissionContext& context, const Admission& out) {
  return out.client.scheme == "http" && !context.entry.https_sites.empty() &&
         context.entry.https_sites.contains(out.match.site);
}

// True, also without a route, where the request belongs to https.
bool find_route(const AdmissionContext& context, const http::RequestHead& request, Arena& arena, Admission& out) {
  bool asterisk = request.form == http::TargetForm::asterisk;
  auto path = policy::normalize_path(asterisk ? std::string_view("/") : request.path, arena);
  if (!path) {
    refuse(out, path.error(), path.error().where);
    return false;
  }
  out.path = path->text;
  out.match = context.entry.policy->router.match(request.authority, out.path, arena);
  if (out.match.code != Code::ok) {
    if (asterisk &&
        out.match.code == Code::no_route) {  // OPTIONS * asks about the server as a whole: that is the gate then
      out.verdict = Verdict::answer;
      out.status = 200;
      return false;
    }
    if (belongs_to_https(context, out)) return true;
    refuse(out, out.match.code, arena.copy(policy::reason(out.match, request.authority, out.path)));
    return false;
  }
  if (belongs_to_https(context, out)) return true;
  if (path->encoded_slash && out.match.route->encoded_slashes == config::SlashPolicy::refuse) {
    refuse(out, Code::encoded_slash, "the path holds an encoded slash (%2F)");
    return false;
  }
  if (belongs_elsewhere(context, request, arena, out)) {
    refuse(out, Code::ambiguous_path, "without its parameters (';') the path belongs to another route");
    return false;
  }
  return true;
}

// http://name:80/x becomes https://name/x, on the port where this entry speaks TLS.
void redirect_to_https(const AdmissionContext& context, const http::RequestHead& request, Arena& arena,
                       Admission& out) {
  auto authority = http::split_authority(out.client.authority);
  std::string_view host = authority ? authority->host : out.client.authority;
  char digits[8] = ":";
  std::string_view port;
  if (context.entry.https_port != 443) {
    char* end = std::to_chars(digits + 1, digits + sizeof digits, context.entry.https_port).ptr;
    port = {digits, static_cast<std::size_t>(end - digits)};
  }
  bool v6 = authority && authority->ipv6;
  out.location = arena.concat(
      {"https://", v6 ? "[" : "", host, v6 ? "]" : "", port, out.path, request.has_query ? "?" : "", request.query});
  out.verdict = Verdict::to_https;
  // 308 keeps the method; older clients know only 301, and with GET and HEAD both mean the same.
  out.status = request.method == Method::get || request.method == Method::head ? 301 : 308;
}

void choose_target(const policy::Route& route, const policy::Variables& variables, Arena& arena, Admission& out) {
  if (const auto* redirect = std::get_if<policy::RedirectTarget>(&route.target)) {
    out.verdict = Verdict::redirect;
    out.status = redirect->status;
    out.location = redirect->to.expand(variables, arena, policy::Template::Use::url);
  } else if (const auto* respond = std::get_if<policy::RespondTarget>(&route.target)) {
    out.verdict = Verdict::respond;
    out.status = respond->status;
  } else if (std::holds_alternative<policy::ImageTarget>(route.target)) {
    out.verdict = Verdict::image;
  } else {
    out.verdict = Verdict::forward;
  }
}

bool has_upgrade(const policy::Route& route, const http::RequestHead& request) {
  return std::ranges::any_of(route.upgrades,
                             [&](const std::string& protocol) { return http::iequals(protocol, request.upgrade); });
}

void decrement_max_forwards(http::RequestHead& request, Arena& arena) {
  auto hops = max_forwards(request);
  if (!hops || *hops == 0) return;
  char digits[12];
  char* end = std::to_chars(digits, digits + sizeof digits, *hops - 1).ptr;
  request.fields.set(FieldId::max_forwards, arena.copy({digits, static_cast<std::size_t>(end - digits)}));
}

}  // namespace

void admit(const AdmissionContext& context, const http::RequestHead& request, const policy::Variables& variables,
           Arena& arena, Admission& out) {
  out.client =
      policy::client_view(context.hop, request.fields, request.authority, context.entry.policy->trusted_proxies, arena);
  out.path = request.path;
  if (!guard(request, out)) return;
  const bool found = find_route(context, request, arena, out);
  // After the route: it is the one whose `to` leads back, and the log names it.
  if (passed_here(request.fields, context.snapshot.via))
    return refuse(out, Code::loop_detected, "its Via has the name of this gate");
  if (!found) return;
  if (belongs_to_https(context, out)) {
    // Clients of HTTP/1.0 need not say a name, and without one there is no URL.
    if (out.client.authority.empty()) return refuse(out, Code::missing_host);
    return redirect_to_https(context, request, arena, out);
  }
  const policy::Route& route = *out.match.route;
  if (!route.access.open()) {
    policy::Decision decision = policy::decide(route.access, out.client.address, variables, arena);
    if (!decision.allowed) return refuse(out, Code::denied, arena.copy(decision.reason(out.client.address)));
  }
  // In HTTP/2 a tunnel is all that was asked for (RFC 8441 section 4): there is no request beside it.
  if (request.version == http::Version::http2 && !request.upgrade.empty() && !has_upgrade(route, request))
    return refuse(out, Code::upgrade_refused);
  choose_target(route, variables, arena, out);
}

Result<UpstreamRequest> map_upstream_request(const Admission& admission, const policy::Server& server,
                                             const policy::Variables& variables, const http::RequestHead& request,
                                             Arena& arena) {
  const policy::ForwardTarget& target = *admission.match.route->forward();
  UpstreamRequest out;
  if (request.form == http::TargetForm::asterisk) {
    out.target = "*";
  } else {
    SP_TRY_PLAIN(std::string_view path, policy::upstream_path(admission.match, admission.path, variables, arena));
    out.target = request.has_query ? arena.concat({path, "?", request.query}) : path;
  }
  out.authority = policy::upstream_authority(target, request.authority, server);
  return out;
}

namespace {

// A name in a certificate may hold anything: what a field cannot hold becomes '?'.
std::string_view printable(std::string_view text, Arena& arena) {
  char* out = arena.chars(text.size());
  std::ranges::transform(text, out, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? '?' : c; });
  return {out, text.size()};
}

// The identity that a certificate proved is said in a field of ours: what the client says in it is nobody's word.
void pass_client_certificate(const AdmissionContext& context, const policy::Variables& variables,
                             http::RequestHead& request, Arena& arena) {
  const config::ClientCertificateConfig& config = context.entry.config->tls.client_certificates;
  request.fields.remove(config.field);
  if (config.mode == config::ClientCertificates::off) return;
  auto value = [&](policy::Variable variable) { return variables.value(variable, {}, arena); };
  std::string_view fingerprint = value(policy::Variable::tls_client_fingerprint);
  if (fingerprint.empty()) return;
  std::string_view text = arena.concat(
      {"fingerprint=", fingerprint, "; serial=", value(policy::Variable::tls_client_serial), "; subject=\"",
       value(policy::Variable::tls_client_subject), "\"; issuer=\"", value(policy::Variable::tls_client_issuer), "\""});
  request.fields.add(config.field, printable(text, arena));
}

}  // namespace

void edit_request_fields(const AdmissionContext& context, const Admission& admission,
                         const policy::Variables& variables, http::RequestHead& request, Arena& arena) {
  policy::edit_forwarded(context.hop, admission.client, request.fields, arena);
  decrement_max_forwards(request, arena);
  // A tunnel is for the protocols that the route names. Of another one the server does not hear, and answers the
  // request as if it had not been offered (RFC 9110 section 7.8).
  if (!request.upgrade.empty() && !has_upgrade(*admission.match.route, request)) request.upgrade = {};
  pass_client_certificate(context, variables, request, arena);
  request.fields.add(FieldId::via, arena.concat({http::text(request.version), " ", context.snapshot.via}));
  policy::apply_edits(admission.match.route->request_edits, request.fields, variables, arena);
}

}  // namespace sp::proxy
