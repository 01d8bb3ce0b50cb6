// From directives to what they say.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "import/squid/configuration.h"
#include "import/squid/sets.h"

namespace sp::import::squid {
namespace {

constexpr std::size_t largest_file_of_values = 16 << 20;

std::optional<int> number_of(std::string_view text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc{} && end == text.data() + text.size() && value >= 0 ? std::optional(value) : std::nullopt;
}

// "10 MB", "64 KB", "1000 bytes" in our words; empty where it is none, or no limit.
std::string size_text(const Directive& each) {
  const auto count = number_of(each.word(1));
  if (!count || *count == 0) return {};
  const std::string& unit = each.word(2);
  if (unit.empty() || unit == "bytes") return fmt::format("{}B", *count);
  if (unit == "KB") return fmt::format("{}KiB", *count);
  if (unit == "MB") return fmt::format("{}MiB", *count);
  return unit == "GB" ? fmt::format("{}GiB", *count) : std::string();
}

// "30 seconds", "1 minute".
std::string duration_text(const Directive& each) {
  const auto count = number_of(each.word(1));
  if (!count || *count == 0) return {};
  const std::string& unit = each.word(2);
  if (unit.empty() || unit.starts_with("second")) return fmt::format("{}s", *count);
  if (unit.starts_with("minute")) return fmt::format("{}m", *count);
  return unit.starts_with("hour") ? fmt::format("{}h", *count) : std::string();
}

// "value" of "name=value", by any of the names.
std::optional<std::string> option(std::span<const std::string> words, std::initializer_list<std::string_view> names) {
  for (const std::string& word : words) {
    const auto equals = word.find('=');
    if (equals == std::string::npos) continue;
    if (std::ranges::find(names, std::string_view(word).substr(0, equals)) != names.end())
      return word.substr(equals + 1);
  }
  return std::nullopt;
}

bool has(std::span<const std::string> words, std::string_view word) {
  return std::ranges::find(words, word) != words.end();
}

class Collector {
 public:
  Collector(const config::FileSystem& disk, Report& report) : disk_(disk), report_(report) {}

  Configuration run(const Tree& tree) {
    for (const Directive& each : tree.directives) take(each);
    return std::move(made_);
  }

 private:
  void take(const Directive& each) {
    const std::string& name = each.words[0];
    if (name == "acl") return acl(each);
    if (name == "http_access") return rule(each, made_.access);
    if (name == "ssl_bump") return rule(each, made_.bump);
    if (name == "always_direct") return rule(each, made_.always_direct);
    if (name == "never_direct") return rule(each, made_.never_direct);
    if (name == "http_port" || name == "https_port") return listener(each);
    if (name == "cache_peer") return peer(each);
    if (name == "auth_param") return authentication(each);
    if (name == "icap_service") return scanner(each);
    if (name == "adaptation_access" || name == "icap_access") return scanned(each);
    if (name == "tls_outgoing_options" || name.starts_with("sslproxy_")) return outgoing_tls(each);
    if (name == "via" || name == "forwarded_for") return told(each);
    if (name == "request_header_access" && is_told_nothing(each)) return;
    if (name == "request_body_max_size") return body_size(each);
    if (name == "connect_timeout") return timeout(each, made_.timeouts.connect);
    if (name == "request_timeout") return timeout(each, made_.timeouts.client_head);
    if (const auto known = known_directive(name)) return report_.add(each.at, known->why, known->fate);
    report_.lost(each.at, "not known: left out");
  }

  // ---- lists and rules

  void acl(const Directive& each) {
    const std::string& name = each.word(1);
    Acl& list = made_.acls[name];
    if (list.type.empty())
      list = {.name = name, .type = each.word(2), .flags = {}, .values = {}, .places = {}, .fault = {}};
    list.places.push_back(each.at);
    if (list.type != each.word(2)) {
      list.fault = fmt::format("it was of type {} before: Squid would not start", list.type);
      return;
    }
    for (const std::string& word : each.from(3)) {
      if (word == "-i" || word == "-n" || word == "+i") {
        list.flags.push_back(word);
      } else if (word.starts_with('"')) {
        values_of(list, word);
      } else {
        list.values.push_back(word);
      }
    }
  }

  void values_of(Acl& list, std::string path) {
    std::erase(path, '"');
    const auto content = disk_.read(config::relative_to(list.places.back().file, path), largest_file_of_values);
    if (!content) {
      list.fault = fmt::format("{} cannot be read ({}): what it holds is missing", path, content.error().where);
      return;
    }
    for (std::string& value : values_of_file(*content)) {
      if (value == "-i" || value == "-n") continue;
      list.values.push_back(std::move(value));
    }
  }

  void rule(const Directive& each, std::vector<Rule>& rules) {
    Rule made{.action = each.word(1), .all = {}, .at = each.at};
    for (const std::string& word : each.from(2)) {
      const bool negated = word.starts_with('!');
      made.all.push_back({.name = negated ? word.substr(1) : word, .negated = negated});
    }
    rules.push_back(std::move(made));
  }

  // ---- where it listens, and through whom it goes

  void listener(const Directive& each) {
    const auto options = each.from(2);
    for (const char* other : {"accel", "intercept", "transparent", "tproxy", "vhost"}) {
      if (has(options, other))
        return report_.lost(each.at,
                            fmt::format("`{}`: clients that do not know of the proxy are not served; left out", other));
    }
    Listener made{.at = each.at, .address = {}, .port = 0, .name = each.word(1), .cert = {}, .key = {}};
    const std::string& where = each.word(1);
    const auto colon = where.rfind(':');
    const auto port = number_of(colon == std::string::npos ? where : where.substr(colon + 1));
    if (!port || *port < 1 || *port > 65535) return report_.lost(each.at, "no port: left out");
    made.port = *port;
    if (colon != std::string::npos) made.address = where.substr(0, colon);
    std::string bare = made.address;
    std::erase_if(bare, [](char c) { return c == '[' || c == ']'; });
    if (!bare.empty() && !IpAddress::parse(bare))
      return report_.lost(each.at, "its name stands for addresses that are known at run time only: left out");
    if (bare == "0.0.0.0" || bare == "::") made.address.clear();
    made.name = option(options, {"name"}).value_or(made.name);
    made.tls = each.words[0] == "https_port";
    made.bump = has(options, "ssl-bump");
    made.cert = option(options, {"tls-cert", "cert"}).value_or("");
    made.key = option(options, {"tls-key", "key"}).value_or(made.cert);
    if (option(options, {"clientca", "tls-clientca"}))
      report_.lost(each.at, "no certificate of clients is asked for: `users` or `clients` say who may connect");
    made_.listeners.push_back(std::move(made));
  }

  void peer(const Directive& each) {
    const auto options = each.from(5);
    if (each.word(2) != "parent") return report_.not_needed(each.at, "there are no caches to talk with");
    if (has(options, "originserver"))
      return report_.lost(each.at, "a server of one's own stands in an entry of `inbound`: left out");
    const bool tls = has(options, "tls") || has(options, "ssl");
    const std::string& host = each.word(1);
    made_.peers.push_back({each.at, fmt::format("{}://{}:{}", tls ? "https" : "http",
                                                host.contains(':') ? "[" + host + "]" : host, each.word(3))});
    if (const auto login = option(options, {"login"})) {
      report_.lost(each.at, login->starts_with("PASS")
                                ? "the users' passwords are not handed on: put one into the URL of `parent`"
                                : "the name and the password are not written here: put them into the URL of `parent`, "
                                  "or the URL into a file and `{ file: PATH }` here");
    }
  }

  // ---- who asks

  void authentication(const Directive& each) {
    if (each.word(1) != "basic") {
      made_.authenticates = true;
      return report_.lost(each.at, "users are asked for by Basic authentication alone");
    }
    if (each.word(2) != "program") return report_.not_needed(each.at, "users are asked in its own way");
    made_.authenticates = true;
    const std::string& program = each.word(3);
    if (!program.ends_with("ncsa_auth"))
      return report_.lost(each.at, "users are known by an htpasswd file alone: make one");
    made_.users = each.words.back();
    report_.changed(
        each.at, "passwords with the hashes of old (crypt, $1$, $apr1$) are refused: `htpasswd -B` makes better ones");
  }

  // ---- what is looked at, and told

  void scanner(const Directive& each) {
    const std::string& point = each.word(2);
    std::string url;
    bool bypass = has(each.words, "bypass=on") || has(each.words, "bypass=1");
    for (const std::string& word : each.from(3)) {
      // With the name of a service.
      if (word.starts_with("icap://") && word.find('/', 8) != std::string::npos && !word.ends_with('/')) url = word;
      if (word == "1") bypass = true;
    }
    const bool requests = point == "reqmod_precache";
    if ((!requests && point != "respmod_precache") || url.empty())
      return report_.lost(each.at, "only reqmod_precache and respmod_precache of an icap:// URL are known");
    std::string& mine = requests ? made_.requests_to : made_.responses_to;
    if (!mine.empty()) return report_.lost(each.at, "one service is asked about each direction: left out");
    mine = url;
    made_.scanner_may_fail = made_.scanner_may_fail || bypass;
  }

  void scanned(const Directive& each) {
    if (each.word(2) == "allow" && each.word(3) == "all") return report_.not_needed(each.at, "all is shown to it");
    report_.changed(each.at, "all is shown to it, without conditions");
  }

  void outgoing_tls(const Directive& each) {
    bool all_known = true;
    for (const std::string& word : each.from(1)) {
      if (word.starts_with("cafile=")) {
        made_.upstream_tls.ca = word.substr(7);
      } else if (word.contains("DONT_VERIFY_PEER") || word.contains("DONT_VERIFY_DOMAIN")) {
        report_.lost(each.at, "certificates of servers are verified");
      } else {
        all_known = false;
      }
    }
    if (!all_known) report_.changed(each.at, "TLS is spoken with servers in its own way: see `upstream_tls`");
  }

  void told(const Directive& each) {
    const bool on = each.word(1) == "on";
    (each.words[0] == "via" ? made_.via : made_.forwarded) = on ? "on" : "off";
    if (!on) report_.not_needed(each.at, "servers are told nothing anyhow");
  }

  // Of fields that Squid is kept from telling.
  bool is_told_nothing(const Directive& each) {
    constexpr std::array<std::string_view, 4> own{"Via", "X-Forwarded-For", "Forwarded", "Cache-Control"};
    if (std::ranges::find(own, each.word(1)) == own.end() || each.word(2) != "deny" || each.word(3) != "all")
      return false;
    report_.not_needed(each.at, "servers are told nothing anyhow");
    if (each.word(1) == "Via") made_.via = "off";
    if (each.word(1) == "X-Forwarded-For") made_.forwarded = "off";
    return true;
  }

  void body_size(const Directive& each) {
    made_.max_body = size_text(each);
    if (made_.max_body.empty()) made_.max_body = "off";
  }

  void timeout(const Directive& each, std::string& timeout) {
    timeout = duration_text(each);
    if (timeout.empty()) report_.changed(each.at, "`timeouts` are those of this gate");
  }

  const config::FileSystem& disk_;
  Report& report_;
  Configuration made_;
};

}  // namespace

Configuration collect(const Tree& tree, const config::FileSystem& disk, Report& report) {
  return Collector(disk, report).run(tree);
}

}  // namespace sp::import::squid
