// What is known about directives that are not translated.
#include <algorithm>

#include "import/nginx/report.h"
#include "import/summary.h"

namespace sp::import::nginx {
namespace {

struct Known {
  std::string_view name;
  Fate fate;
  std::string_view why;
};

constexpr std::string_view process = "how the process runs is `runtime` and the service manager's business";
constexpr std::string_view files = "Sallyport serves no files";
constexpr std::string_view checks =
    "checks of servers are not taken over: write `health` into the upstream (`health: { every: 5s }`); without it a "
    "server that fails is passed over for a while (`fail_after`, `fail_for`)";
constexpr std::string_view programs = "only HTTP is spoken with servers: run the program with an HTTP port of its own";
constexpr std::string_view buffers = "nothing is buffered: what comes is passed on at once, within fixed bounds";
constexpr std::string_view tuning = "it is done well by itself";
constexpr std::string_view ciphers = "the profile of the entry's `tls` says it";
constexpr std::string_view cache = "there is no cache in this version: the server is asked each time";
constexpr std::string_view compression = "Sallyport compresses nothing: let the server do it";
constexpr std::string_view logs =
    "the access log is one for all, on stdout unless `log: { access: FILE, format: combined }`";
constexpr std::string_view pages = "error pages are Sallyport's own; those of the server are passed on";
constexpr std::string_view rates =
    "rates of requests are not limited; `limits: { rate_per_address: N/s }` is of new connections";
constexpr std::string_view zones = "limits are `limits` of an entry";
constexpr std::string_view speed = "the speed of a transfer is not limited";
constexpr std::string_view scripts = "scripts are not available";
constexpr std::string_view answers = "answers are passed on as they are";
constexpr std::string_view variables = "variables of one's own are not available";
constexpr std::string_view auth_program =
    "no program is asked for the server of a user: write it into `to` of the entry, `to: imap://10.0.0.7:143` for all "
    "users";

using enum Fate;
constexpr Known known[] = {
    // the process
    {"events", not_needed, process},
    {"user", not_needed, process},
    {"pid", not_needed, process},
    {"daemon", not_needed, process},
    {"worker_processes", not_needed, process},
    {"worker_rlimit_nofile", not_needed, process},
    {"worker_cpu_affinity", not_needed, process},
    {"worker_priority", not_needed, process},
    {"worker_shutdown_timeout", changed, "`runtime: { drain: 30s }` is how long connections may go on at the end"},
    {"worker_rlimit_core", not_needed, process},
    {"worker_aio_requests", not_needed, process},
    {"load_module", not_needed, process},
    {"pcre_jit", not_needed, process},
    {"thread_pool", not_needed, process},
    {"timer_resolution", not_needed, process},
    {"lock_file", not_needed, process},
    {"master_process", not_needed, process},
    {"working_directory", not_needed, process},
    {"env", not_needed, process},
    {"ssl_engine", not_needed, process},
    {"google_perftools_profiles", not_needed, process},
    {"debug_points", not_needed, process},
    // logs
    {"access_log", changed, logs},
    {"log_format", changed, logs},
    {"error_log", changed, "messages go to stderr, and so to the journal"},
    {"log_not_found", not_needed, logs},
    {"log_subrequest", not_needed, logs},
    {"open_log_file_cache", not_needed, logs},
    {"rewrite_log", not_needed, logs},
    {"uninitialized_variable_warn", not_needed, logs},
    // files and programs
    {"root", lost, files},
    {"alias", lost, files},
    {"index", lost, files},
    {"autoindex", lost, files},
    {"try_files", lost, files},
    {"dav_methods", lost, files},
    {"random_index", lost, files},
    {"autoindex_exact_size", lost, files},
    {"autoindex_localtime", lost, files},
    {"autoindex_format", lost, files},
    {"types", not_needed, files},
    {"default_type", not_needed, files},
    {"charset", not_needed, files},
    {"charset_types", not_needed, files},
    {"sendfile", not_needed, files},
    {"sendfile_max_chunk", not_needed, files},
    {"types_hash_max_size", not_needed, files},
    {"types_hash_bucket_size", not_needed, files},
    {"open_file_cache", not_needed, files},
    {"open_file_cache_valid", not_needed, files},
    {"open_file_cache_min_uses", not_needed, files},
    {"open_file_cache_errors", not_needed, files},
    {"aio", not_needed, files},
    {"directio", not_needed, files},
    {"etag", not_needed, files},
    {"if_modified_since", not_needed, files},
    {"disable_symlinks", not_needed, files},
    {"output_buffers", not_needed, files},
    {"read_ahead", not_needed, files},
    {"fastcgi_pass", lost, programs},
    {"uwsgi_pass", lost, programs},
    {"scgi_pass", lost, programs},
    {"memcached_pass", lost, programs},
    {"passenger_enabled", lost, programs},
    // tuning
    {"tcp_nopush", not_needed, tuning},
    {"tcp_nodelay", not_needed, tuning},
    {"reset_timedout_connection", not_needed, tuning},
    {"keepalive_requests", not_needed, tuning},
    {"keepalive_disable", not_needed, tuning},
    {"keepalive", not_needed, "connections to servers are kept by themselves"},
    {"keepalive_time", not_needed, tuning},
    {"keepalive_timeout", not_needed, "nothing that is proxied has it"},
    {"zone", not_needed, "each worker counts by itself"},
    {"state", not_needed, "each worker counts by itself"},
    {"server_names_hash_bucket_size", not_needed, tuning},
    {"server_names_hash_max_size", not_needed, tuning},
    {"variables_hash_max_size", not_needed, tuning},
    {"variables_hash_bucket_size", not_needed, tuning},
    {"map_hash_bucket_size", not_needed, tuning},
    {"map_hash_max_size", not_needed, tuning},
    {"proxy_headers_hash_max_size", not_needed, tuning},
    {"proxy_headers_hash_bucket_size", not_needed, tuning},
    {"client_header_buffer_size", not_needed, tuning},
    {"client_body_buffer_size", not_needed, buffers},
    {"client_body_temp_path", not_needed, buffers},
    {"client_body_in_file_only", not_needed, buffers},
    {"client_body_in_single_buffer", not_needed, buffers},
    {"connection_pool_size", not_needed, tuning},
    {"request_pool_size", not_needed, tuning},
    {"lingering_close", not_needed, tuning},
    {"lingering_time", not_needed, tuning},
    {"lingering_timeout", not_needed, tuning},
    {"resolver", not_needed, "names are looked up by the system's resolver, again with their time to live"},
    {"resolver_timeout", not_needed, "names are looked up by the system's resolver"},
    {"postpone_output", not_needed, buffers},
    {"server_tokens", not_needed, "no version is told"},
    {"more_clear_headers", lost, "write `response_headers: { remove: [ NAME ] }`"},
    {"more_set_headers", lost, "write `response_headers: { set: { NAME: VALUE } }`"},
    {"more_set_input_headers", lost, "write `request_headers: { set: { NAME: VALUE } }`"},
    {"merge_slashes", changed, "several slashes are always one"},
    {"underscores_in_headers", lost, "request fields with an underscore in their name are removed"},
    {"ignore_invalid_headers", changed, "fields whose name or value is not allowed are refused"},
    {"absolute_redirect", not_needed, "redirects are what `redirect` says"},
    {"port_in_redirect", not_needed, "redirects are what `redirect` says"},
    {"server_name_in_redirect", not_needed, "redirects are what `redirect` says"},
    {"chunked_transfer_encoding", not_needed, tuning},
    {"msie_padding", not_needed, tuning},
    {"msie_refresh", not_needed, tuning},
    {"recursive_error_pages", not_needed, pages},
    {"subrequest_output_buffer_size", not_needed, tuning},
    {"max_ranges", not_needed, answers},
    // protocols
    {"http2", changed, "HTTP/2 is offered on https by itself, unless `tls: { http2: off }`"},
    {"http2_max_concurrent_streams", not_needed, tuning},
    {"http2_push", not_needed, "browsers do without it now"},
    {"http2_push_preload", not_needed, "browsers do without it now"},
    {"http2_chunk_size", not_needed, tuning},
    {"http2_body_preread_size", not_needed, tuning},
    {"http2_idle_timeout", not_needed, tuning},
    {"http2_max_requests", not_needed, tuning},
    {"http2_recv_timeout", not_needed, tuning},
    {"http2_max_field_size", changed, "`limits` of the entry say it"},
    {"http2_max_header_size", changed, "`limits` of the entry say it"},
    {"http3", lost, "HTTP/3 is not available in this version"},
    {"quic_retry", lost, "HTTP/3 is not available in this version"},
    {"quic_gso", lost, "HTTP/3 is not available in this version"},
    {"ssl_early_data", lost, "early data is not taken: it could be replayed"},
    {"http3_hq", lost, "HTTP/3 is not available in this version"},
    // TLS
    {"ssl_ciphers", not_needed, ciphers},
    {"ssl_prefer_server_ciphers", not_needed, ciphers},
    {"ssl_dhparam", not_needed, ciphers},
    {"ssl_ecdh_curve", not_needed, ciphers},
    {"ssl_conf_command", not_needed, ciphers},
    {"ssl_session_cache", not_needed, tuning},
    {"ssl_session_timeout", not_needed, tuning},
    {"ssl_session_tickets", not_needed, tuning},
    {"ssl_session_ticket_key", not_needed, tuning},
    {"ssl_buffer_size", not_needed, tuning},
    {"ssl_stapling", not_needed, "authorities have given up OCSP"},
    {"ssl_stapling_verify", not_needed, "authorities have given up OCSP"},
    {"ssl_stapling_file", not_needed, "authorities have given up OCSP"},
    {"ssl_stapling_responder", not_needed, "authorities have given up OCSP"},
    {"ssl_verify_depth", changed, "chains may be as long as OpenSSL takes them"},
    {"ssl_crl", lost, "lists of revoked certificates are not read"},
    {"ssl_ocsp", lost, "whether certificates of clients are revoked is not asked"},
    {"ssl_password_file", lost, "the key of a certificate has no password here: `openssl pkey -in KEY -out NEW`"},
    {"ssl_handshake_timeout", changed, "`timeouts: { client_head: 10s }` bounds it"},
    {"ssl_reject_handshake", changed, "a name that no certificate is for gets the first one, and 421"},
    {"ssl_alpn", lost, "protocols are not offered to clients of tls://"},
    {"ssl_trusted_certificate", not_needed, "it is for stapling"},
    // proxying
    {"proxy_http_version", not_needed, "HTTP/1.1 or HTTP/2 is spoken with servers, and WebSockets pass"},
    {"proxy_buffering", not_needed, buffers},
    {"proxy_request_buffering", not_needed, buffers},
    {"proxy_buffers", not_needed, buffers},
    {"proxy_buffer_size", not_needed, buffers},
    {"proxy_busy_buffers_size", not_needed, buffers},
    {"proxy_max_temp_file_size", not_needed, buffers},
    {"proxy_temp_file_write_size", not_needed, buffers},
    {"proxy_temp_path", not_needed, buffers},
    {"grpc_buffer_size", not_needed, buffers},
    {"proxy_force_ranges", not_needed, answers},
    {"proxy_ignore_client_abort", changed, "when the client leaves, the request is ended"},
    {"proxy_intercept_errors", changed, pages},
    {"proxy_pass_request_headers", lost, "fields are always passed on"},
    {"proxy_pass_request_body", lost, "bodies are always passed on"},
    {"proxy_method", lost, "the method is passed on as it is"},
    {"proxy_set_body", lost, "bodies are passed on as they are"},
    {"proxy_pass_header", not_needed, "fields of the server pass, Server and Date too"},
    {"grpc_pass_header", not_needed, "fields of the server pass"},
    {"proxy_ignore_headers", changed, "what X-Accel-* ask for is not done; they are passed on"},
    {"proxy_bind", lost, "the address that is connected from is the system's choice"},
    {"grpc_bind", lost, "the address that is connected from is the system's choice"},
    {"proxy_socket_keepalive", not_needed, tuning},
    {"proxy_limit_rate", lost, speed},
    {"proxy_store", lost, files},
    {"proxy_ssl_protocols", changed, "TLS 1.2 and 1.3 are spoken with servers"},
    {"proxy_ssl_ciphers", not_needed, "the usual ones are offered to servers"},
    {"proxy_ssl_session_reuse", not_needed, tuning},
    {"proxy_ssl_verify_depth", changed, "chains may be as long as OpenSSL takes them"},
    {"proxy_ssl_crl", lost, "lists of revoked certificates are not read"},
    {"proxy_ssl_password_file", lost, "the key has no password here"},
    {"proxy_ssl_conf_command", not_needed, "the usual protocols are offered to servers"},
    {"grpc_ssl_protocols", changed, "TLS 1.2 and 1.3 are spoken with servers"},
    {"grpc_ssl_ciphers", not_needed, "the usual ones are offered to servers"},
    {"proxy_next_upstream_timeout", changed, "how often a request is sent again is bounded by `retries`"},
    {"proxy_cookie_flags", lost, "cookies pass with the flags that the server gave them"},
    {"mirror", lost, "requests are sent to one server"},
    {"mirror_request_body", lost, "requests are sent to one server"},
    {"health_check", lost, checks},
    {"ntlm", lost, "connections are not kept for one client, which NTLM needs"},
    {"queue", lost, "requests do not wait for a server that is free"},
    {"match", lost, checks},
    {"check", lost, checks},
    // what answers
    {"error_page", changed, pages},
    {"expires", lost, "Cache-Control and Expires are the server's to say, or `response_headers`"},
    {"sub_filter", lost, answers},
    {"sub_filter_once", lost, answers},
    {"sub_filter_types", lost, answers},
    {"sub_filter_last_modified", lost, answers},
    {"add_trailer", lost, answers},
    {"ssi", lost, answers},
    {"addition_types", lost, answers},
    {"add_before_body", lost, answers},
    {"add_after_body", lost, answers},
    {"stub_status", lost, "there is no status page"},
    {"status", lost, "there is no status page"},
    {"api", lost, "there is no status page"},
    {"status_zone", not_needed, "there is no status page"},
    {"pagespeed", lost, answers},
    {"image_filter", lost, answers},
    // limits
    {"limit_req", lost, rates},
    {"limit_req_zone", lost, rates},
    {"limit_req_status", not_needed, rates},
    {"limit_req_log_level", not_needed, rates},
    {"limit_req_dry_run", not_needed, rates},
    {"limit_conn", lost, "connections are counted by entry, not by location: `limits: { connections_per_address: N }`"},
    {"limit_conn_zone", not_needed, zones},
    {"limit_conn_status", changed, "connections beyond the limit are closed"},
    {"limit_conn_log_level", not_needed, zones},
    {"limit_conn_dry_run", lost, zones},
    {"limit_rate", lost, speed},
    {"limit_rate_after", lost, speed},
    {"proxy_download_rate", lost, speed},
    {"proxy_upload_rate", lost, speed},
    {"client_max_body_size", not_needed, "nothing that is proxied has it"},
    {"max_headers", changed, "`limits: { fields: N }` of the entry"},
    // decisions
    {"if", lost,
     "conditions are not available: write routes, sites or `allow` that say what is meant. What it refused is not "
     "refused now"},
    {"map", lost, variables},
    {"geo", lost, variables},
    {"geoip_country", lost, variables},
    {"geoip_city", lost, variables},
    {"geoip2", lost, variables},
    {"split_clients", lost, variables},
    {"set", lost, variables},
    {"set_by_lua", lost, scripts},
    {"userid", lost, "cookies are not set"},
    {"break", not_needed, "there are no rewrites that it could end"},
    {"valid_referers", lost, "requests are not judged by their Referer"},
    {"auth_basic_user_file", not_needed, "see auth_basic"},
    {"auth_request_set", lost, "auth_request is not available"},
    {"auth_delay", not_needed, "see auth_basic"},
    {"satisfy", lost, "addresses alone decide who may come in"},
    {"secure_link_md5", not_needed, "see secure_link"},
    {"secure_link_secret", lost, "signed links are not available"},
    {"js_import", lost, scripts},
    {"js_content", lost, scripts},
    {"js_set", lost, scripts},
    {"js_access", lost, scripts},
    {"js_preread", lost, scripts},
    {"perl", lost, scripts},
    {"ModSecurity", lost, "there is no web application firewall"},
    {"modsecurity", lost, "there is no web application firewall"},
    {"modsecurity_rules_file", lost, "there is no web application firewall"},
    {"real_ip_recursive", not_needed, "no proxy is trusted"},
    {"real_ip_header", not_needed, "no proxy is trusted"},
    {"set_real_ip_from", not_needed, "nothing that is proxied has it"},
    {"satisfy_any", lost, "addresses alone decide who may come in"},
    {"request_id", not_needed, "see `${request.id}`"},
    // stream
    {"preread_buffer_size", not_needed, tuning},
    {"preread_timeout", changed, "`timeouts: { client_head: 10s }` bounds it"},
    {"proxy_responses", lost, "UDP is not passed on"},
    {"proxy_requests", lost, "UDP is not passed on"},
    {"proxy_protocol_timeout", changed, "`timeouts: { client_head: 10s }` bounds it"},
    {"proxy_half_close", not_needed, "one side may end before the other, for `timeouts: { half_closed: 1m }`"},
    {"proxy_buffer", not_needed, buffers},
    {"ssl_preread", not_needed, "names are read where `sni` or `alpn` stand"},
    {"pass", lost, "write an entry that listens there"},
    // mail
    {"auth_http", lost, auth_program},
    {"auth_http_header", lost, auth_program},
    {"auth_http_timeout", not_needed, auth_program},
    {"auth_http_pass_client_cert", lost, auth_program},
    {"imap_capabilities", not_needed, "what the server can do is asked of the server"},
    {"pop3_capabilities", not_needed, "what the server can do is asked of the server"},
    {"smtp_capabilities", not_needed, "what the server can do is asked of the server"},
    {"imap_auth", changed, "how clients log in is the server's to say"},
    {"pop3_auth", changed, "how clients log in is the server's to say"},
    {"smtp_auth", changed, "how clients log in is the server's to say"},
    {"imap_client_buffer", not_needed, tuning},
    {"smtp_client_buffer", not_needed, tuning},
    {"smtp_greeting_delay", lost, "the greeting is not held back"},
    {"proxy_pass_error_message", not_needed, "what the server says is passed on"},
    {"timeout", changed, "see `timeouts` of the entry"},
    {"proxy_smtp_auth", changed, "clients log in at the server itself"},
    {"max_errors", changed, "how often a login may fail is the server's to say"},
    {"proxy_timeout", changed, "`timeouts: { tunnel_idle: 1h }` of the entry"},
    {"server_name", not_needed, "the server says its own name"},
};

// Beginnings of names that are all about the same.
constexpr Known families[] = {
    {"fastcgi_", not_needed, programs},
    {"uwsgi_", not_needed, programs},
    {"scgi_", not_needed, programs},
    {"memcached_", not_needed, programs},
    {"passenger_", not_needed, programs},
    {"gzip", changed, compression},
    {"brotli", changed, compression},
    {"gunzip", changed, compression},
    {"zstd", changed, compression},
    {"proxy_cache", changed, cache},
    {"proxy_no_cache", changed, cache},
    {"lua_", lost, scripts},
    {"js_", lost, scripts},
    {"perl_", lost, scripts},
    {"dav_", lost, files},
    {"geoip2_", lost, variables},
    {"fancyindex", lost, files},
    {"otel_", lost, "traces are not sent"},
    {"opentracing", lost, "traces are not sent"},
    {"health_", lost, checks},
    {"auth_jwt_", not_needed, "see auth_jwt"},
    {"xslt_", lost, answers},
    {"mp4", lost, files},
    {"flv", lost, files},
    {"hls", lost, files},
};

// What is translated elsewhere, and had nothing here that it could act on.
constexpr std::string_view translated[] = {"add_header",
                                           "allow",
                                           "auth_basic",
                                           "auth_request",
                                           "client_body_timeout",
                                           "client_header_timeout",
                                           "deny",
                                           "large_client_header_buffers",
                                           "satisfy",
                                           "send_timeout",
                                           "internal",
                                           "limit_except",
                                           "listen",
                                           "ssl",
                                           "ssl_certificate",
                                           "ssl_certificate_key",
                                           "ssl_client_certificate",
                                           "ssl_protocols",
                                           "ssl_verify_client",
                                           "proxy_set_header",
                                           "grpc_set_header",
                                           "proxy_pass",
                                           "grpc_pass",
                                           "rewrite",
                                           "return",
                                           "proxy_ssl",
                                           "proxy_protocol",
                                           "starttls",
                                           "xclient",
                                           "protocol",
                                           "upstream"};

const Known* find(std::string_view name) {
  const auto exact = std::ranges::find(known, name, &Known::name);
  if (exact != std::end(known)) return &*exact;
  const auto family = std::ranges::find_if(families, [&](const Known& each) { return name.starts_with(each.name); });
  return family == std::end(families) ? nullptr : &*family;
}

void report_unused(const Directive& directive, Report& report) {
  const auto& name = directive.name;
  const bool websockets = directive.is("map") && directive.arg(0) == "$http_upgrade";
  const Known* about = find(name);
  const bool had_nothing = std::ranges::find(translated, name) != std::end(translated) || name.starts_with("proxy_") ||
                           name.starts_with("grpc_");
  if (websockets) {
    report.not_needed(directive, "WebSockets work by themselves");
  } else if (directive.is("http2") && directive.arg(0) == "on") {
    report.not_needed(directive, "HTTP/2 is offered on https by itself");
  } else if (about != nullptr) {
    report.add(directive, std::string(about->why), about->fate);
  } else if (name.ends_with("_by_lua") || name.ends_with("_by_lua_block") || name.ends_with("_by_lua_file")) {
    report.lost(directive, std::string(scripts));
  } else if (had_nothing) {
    report.not_needed(directive, "nothing that is proxied has it");
  } else {
    report.lost(directive, "this directive is not known here");
  }
}

}  // namespace

std::string brief(const Directive& directive) { return import::brief(directive.file, directive.line); }

void report_rest(const Directive& context, Report& report) {
  for (const Directive& each : context.children) {
    if (!report.knows(each)) {
      report_unused(each, report);
    } else if (each.block) {
      report_rest(each, report);
    }
  }
}

}  // namespace sp::import::nginx
