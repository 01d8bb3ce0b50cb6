#include "stages/access_log/format.h"

#include <array>

#include "stages/access_log/escape.h"

namespace sp::access_log {
namespace {

// ,"name": of a member, put together when the program is compiled: appending is what a line costs.
class Key {
 public:
  consteval Key(const char* name) {  // from a literal
    put(",\"");
    put(name);
    put("\":");
  }
  std::string_view text() const { return {text_.data(), length_}; }

 private:
  consteval void put(const char* text) {
    for (; *text != '\0'; ++text) text_[length_++] = *text;
  }
  std::array<char, 20> text_{};
  std::size_t length_ = 0;
};

// Members of one JSON object.
class JsonObject {
 public:
  explicit JsonObject(std::string& out) : out_(out) { out_ += '{'; }
  void close() { out_ += '}'; }

  void key(const Key& name) {
    out_ += name.text().substr(first_ ? 1 : 0);
    first_ = false;
  }
  // Texts that are empty are left out.
  void text(const Key& name, std::string_view value, Limit limit = Limit::name) {
    if (value.empty()) return;
    key(name);
    out_ += '"';
    append_json_text(out_, value, limit);
    out_ += '"';
  }
  void number(const Key& name, std::uint64_t value) {
    key(name);
    append_number(out_, value);
  }
  void yes_or_no(const Key& name, bool value) {
    key(name);
    out_ += value ? "true" : "false";
  }
  // Milliseconds with three decimals.
  void span(const Key& name, Phases::Span value) {
    if (value < Phases::Span::zero()) return;
    key(name);
    auto microseconds = static_cast<std::uint64_t>(value.count() / 1000);
    append_number(out_, microseconds / 1000);
    auto rest = microseconds % 1000;
    const char decimals[] = {'.', static_cast<char>('0' + rest / 100), static_cast<char>('0' + rest / 10 % 10),
                             static_cast<char>('0' + rest % 10)};
    out_.append(decimals, sizeof decimals);
  }

 private:
  std::string& out_;
  bool first_ = true;
};

using AppendText = void (*)(std::string& out, std::string_view text, Limit limit);

// The target as it was sent, put together again from its parts.
void append_target(std::string& out, const Record& record, AppendText append) {
  if (record.form == http::TargetForm::authority) return append(out, record.authority, Limit::name);
  if (record.form == http::TargetForm::absolute) {
    append(out, record.scheme, Limit::name);
    out += "://";
    append(out, record.authority, Limit::name);
  }
  append(out, record.path, Limit::target);
  if (!record.has_query) return;
  out += '?';
  append(out, record.query, Limit::target);
}

// ---- JSON ----

void append_request(std::string& out, JsonObject& line, const Record& record) {
  line.text("method", record.method);
  line.text("host", record.authority);
  if (record.method.empty()) return;  // a head that was not understood
  line.key("target");
  out += '"';
  append_target(out, record, &append_json_text);
  out += '"';
  line.text("http", http::text(record.version));
}

// Where TLS passes through, all that is known of it is the name that was asked for.
void append_tls(std::string& out, JsonObject& line, const Record& record) {
  if (record.tls_version.empty()) return line.text("sni", record.tls_sni);
  line.key("tls");
  JsonObject tls(out);
  tls.text("version", record.tls_version);
  tls.text("cipher", record.tls_cipher);
  tls.text("sni", record.tls_sni);
  tls.yes_or_no("resumed", record.tls_resumed);
  tls.close();
}

void append_way(std::string& out, JsonObject& line, const Record& record) {
  line.text("kind", record.kind);
  line.text("verdict", record.verdict);
  line.text("user", record.user);
  line.text("would_refuse", record.would_refuse);
  line.text("scan", record.scan);
  line.text("tls_name", record.tls_name);
  if (record.tls_name_differs) line.yes_or_no("tls_name_differs", true);
  line.text("site", record.site);
  if (!record.route_kind.empty()) {
    line.key("route");
    out += '"';
    out += record.route_kind;
    if (!record.route_pattern.empty()) out += ' ';
    append_json_text(out, record.route_pattern, Limit::text);
    out += '"';
  }
  line.text("place", record.place, Limit::text);
  line.text("upstream", record.upstream);
  line.text("server", record.server);
  line.text("address", record.server_address);
  if (record.attempts == 0) return;
  line.number("attempts", record.attempts);
  line.yes_or_no("reused", record.reused);
  if (record.retried == Code::ok) return;
  line.key("retried");
  JsonObject retried(out);
  retried.text("code", name(record.retried));
  retried.text("server", record.retried_server);
  retried.close();
}

void append_error(std::string& out, JsonObject& line, const Record& record) {
  if (record.error.code == Code::ok) return;
  line.key("error");
  JsonObject error(out);
  error.text("code", name(record.error.code));
  error.text("side", side_name(record.error.side));
  error.text("detail", record.detail, Limit::text);
  error.text("remedy", record.remedy, Limit::text);
  error.close();
}

void append_phases(std::string& out, JsonObject& line, const Phases& phases) {
  line.key("ms");
  JsonObject spans(out);
  spans.span("tls", phases.tls);
  spans.span("head", phases.head);
  spans.span("connect", phases.connect);
  spans.span("first_byte", phases.first_byte);
  spans.span("last_byte", phases.last_byte);
  spans.span("total", phases.total);
  spans.close();
}

void append_json(std::string& out, const Record& record, TimeText& time) {
  JsonObject line(out);
  line.key("time");
  out += '"';
  time.append_iso(out, record.time);
  out += '"';
  line.text("client", record.client);
  if (record.peer != record.client) line.text("peer", record.peer);
  line.text("listen", record.listen);
  line.text("proxy", record.proxy, Limit::text);
  append_request(out, line, record);
  if (!record.relay) line.number("status", record.status);
  line.text("grpc_status", record.grpc_status);
  line.number("in", record.octets_in);
  line.number("out", record.octets_out);
  line.text("referer", record.referer, Limit::text);
  line.text("user_agent", record.user_agent, Limit::text);
  append_tls(out, line, record);
  append_way(out, line, record);
  append_error(out, line, record);
  line.text("id", record.id);
  append_phases(out, line, record.phases);
  line.close();
}

// ---- Common Log Format ----

void append_quoted(std::string& out, std::string_view text) {
  out += " \"";
  append_clf_text(out, text.empty() ? "-" : text, Limit::text);
  out += '"';
}

void append_request_line(std::string& out, const Record& record) {
  out += " \"";
  if (record.relay) {
    const bool socks = record.kind == "socks";
    const std::string_view to = socks ? record.authority : record.server;
    out += socks ? "SOCKS " : "RELAY ";
    append_clf_text(out, record.listen, Limit::name);
    out += ' ';
    append_clf_text(out, to.empty() ? "-" : to, Limit::name);
  } else if (record.method.empty()) {
    out += '-';
  } else {
    append_clf_text(out, record.method, Limit::name);
    out += ' ';
    append_target(out, record, &append_clf_text);
    out += " HTTP/";
    out += http::text(record.version);
  }
  out += '"';
}

// A status of 0 (nothing was sent) is 000: three digits, as programs that read such logs expect.
void append_status(std::string& out, std::uint16_t status) {
  const char digits[] = {' ', static_cast<char>('0' + status / 100 % 10), static_cast<char>('0' + status / 10 % 10),
                         static_cast<char>('0' + status % 10), ' '};
  out.append(digits, sizeof digits);
}

// Readers go by the spaces of a line.
void append_user(std::string& out, std::string_view user) {
  if (user.empty()) out += '-';
  for (const char& each : user.substr(0, static_cast<std::size_t>(Limit::name))) {
    if (each == ' ') {
      out += "\\x20";
    } else {
      append_clf_text(out, {&each, 1}, Limit::name);
    }
  }
}

void append_clf(std::string& out, const Record& record, TimeText& time) {
  append_clf_text(out, record.client.empty() ? "-" : record.client, Limit::name);
  out += " - ";
  append_user(out, record.user);
  out += ' ';
  time.append_clf(out, record.time);
  append_request_line(out, record);
  append_status(out, record.status);
  if (record.octets_out == 0) {
    out += '-';
  } else {
    append_number(out, record.octets_out);
  }
}

}  // namespace

void append_line(std::string& out, Format format, const Record& record, TimeText& time) {
  if (format == Format::json) {
    append_json(out, record, time);
  } else {
    append_clf(out, record, time);
  }
  if (format == Format::combined) {
    append_quoted(out, record.referer);
    append_quoted(out, record.user_agent);
  }
  out += '\n';
}

}  // namespace sp::access_log
