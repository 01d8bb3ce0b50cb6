// One test of a condition: `hdr(host) -i www.example.com`.
#include <algorithm>

#include "config/grammar.h"
#include "import/apache/patterns.h"
#include "import/haproxy/condition.h"

namespace sp::import::haproxy {
namespace {

std::string joined(std::span<const std::string> words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

struct Sample {
  std::string name;  // "hdr", "path", "req.ssl_sni"
  std::string argument;
  std::string match;  // "str", "beg"...; empty: the default
  std::vector<std::string> converters;
  bool readable = true;
};

constexpr std::string_view matches[] = {"str", "beg", "end",   "sub",  "reg", "dir",
                                        "dom", "len", "found", "bool", "int", "ip"};

// "hdr_beg(host),lower" and the like.
Sample read_sample(std::string_view text) {
  Sample sample;
  const size_t end = text.find_first_of("(,");
  sample.name = text.substr(0, end);
  std::string_view rest = end == std::string_view::npos ? std::string_view{} : text.substr(end);
  if (rest.starts_with('(')) {
    const size_t close = rest.find(')');
    sample.readable = close != std::string_view::npos;
    sample.argument = rest.substr(1, close == std::string_view::npos ? close : close - 1);
    rest = sample.readable ? rest.substr(close + 1) : std::string_view{};
  }
  while (rest.starts_with(',')) {
    size_t next = 1;
    for (int depth = 0; next < rest.size() && (depth > 0 || rest[next] != ','); ++next) {
      if (rest[next] == '(') ++depth;
      if (rest[next] == ')') --depth;
    }
    sample.converters.emplace_back(rest.substr(1, next - 1));
    rest = rest.substr(next);
  }
  if (!rest.empty()) sample.readable = false;
  const size_t line = sample.name.rfind('_');
  if (line != std::string::npos &&
      std::ranges::find(matches, std::string_view(sample.name).substr(line + 1)) != std::end(matches)) {
    sample.match = sample.name.substr(line + 1);
    sample.name.resize(line);
  }
  return sample;
}

struct Arguments {
  std::vector<std::string> values;
  std::string match;
  bool ignore_case = false;
  bool readable = true;
};

void read_lines(const std::string& path, const config::FileSystem& disk, Arguments& result) {
  constexpr size_t most = 1 << 20;
  const auto content = disk.read(path, most);
  if (!content) {
    result.readable = false;
    return;
  }
  std::string_view rest = *content;
  while (!rest.empty()) {
    const size_t end = std::min(rest.find('\n'), rest.size());
    std::string_view line = rest.substr(0, end);
    rest.remove_prefix(std::min(rest.size(), end + 1));
    while (!line.empty() && (line.back() == ' ' || line.back() == '\r')) line.remove_suffix(1);
    if (!line.empty() && line.front() != '#') result.values.emplace_back(line);
  }
}

Arguments read_arguments(std::span<const std::string> words, const config::FileSystem& disk) {
  Arguments result;
  size_t at = 0;
  for (; at < words.size() && words[at].starts_with('-'); ++at) {
    const std::string& flag = words[at];
    if (flag == "--") {
      ++at;
      break;
    }
    if (flag == "-i")
      result.ignore_case = true;
    else if (flag == "-m" && at + 1 < words.size())
      result.match = words[++at];
    else if (flag == "-f" && at + 1 < words.size())
      read_lines(words[++at], disk, result);
    else if (flag == "-u" && at + 1 < words.size())
      ++at;
    else if (flag != "-n")
      result.readable = false;
  }
  for (; at < words.size(); ++at) result.values.push_back(words[at]);
  return result;
}

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return result;
}

std::string without_port(std::string text) {
  const size_t colon = text.rfind(':');
  if (colon != std::string::npos && text.find(']', colon) == std::string::npos) text.resize(colon);
  return text;
}

bool is_name(std::string_view text) { return !config::host_name(text); }

// A name, or the names that end in it. Nothing where a site or `sni` cannot say it.
bool add_name(const std::string& match, std::string value, Test& test) {
  value = without_port(lower(value));
  if (match == "end" || match == "dom") {
    const bool dot = value.starts_with('.');
    if (dot) value.erase(0, 1);
    if (!is_name(value)) return false;
    if (!dot || match == "dom") test.patterns.push_back({Form::exact, value});
    test.patterns.push_back({Form::below, value});
    test.widened = test.widened || !dot;
    return true;
  }
  if ((!match.empty() && match != "str") || !is_name(value)) return false;
  test.patterns.push_back({Form::exact, std::move(value)});
  return true;
}

bool add_path(const std::string& match, const std::string& value, bool ignore_case, Test& test) {
  const std::string literal = apache::escape_regex(value);
  std::string regex;
  if (match == "reg")
    regex = value;
  else if (match == "end")
    regex = literal + "$";
  else if (match == "sub")
    regex = literal;
  else if (match == "dir")
    regex = "/" + apache::escape_regex(value.starts_with('/') ? value.substr(1) : value) + "(/|$)";
  else if (match == "beg")
    regex = "^" + literal;
  else if (match.empty() || match == "str")
    regex = "^" + literal + "$";
  else
    return false;
  const bool plain = value.starts_with('/') && value.find_first_of("?# ") == std::string::npos && !ignore_case;
  if (plain && match == "beg") {
    test.patterns.push_back({Form::prefix, value});
  } else if (plain && (match.empty() || match == "str")) {
    test.patterns.push_back({Form::exact, value});
  } else {
    if (ignore_case) regex = "(?i)" + regex;
    if (!apache::is_available(regex) || value.find('?') != std::string::npos) {
      if (match != "reg" || !apache::is_available(regex)) return false;
    }
    test.patterns.push_back({Form::regex, std::move(regex)});
  }
  return true;
}

Fact fact_of(const Sample& sample) {
  const std::string& name = sample.name;
  const bool field = name == "hdr" || name == "req.hdr" || name == "req.fhdr";
  if (field && lower(sample.argument) == "host") return Fact::host;
  if (!sample.argument.empty() && !name.starts_with("sc_") && !name.starts_with("src_")) return Fact::unknown;
  if (name == "path" || name == "url" || name == "pathq") return Fact::path;
  if (name == "req.ssl_sni" || name == "req_ssl_sni" || name == "ssl_fc_sni") return Fact::sni;
  if (name == "req.ssl_alpn" || name == "ssl_fc_alpn") return Fact::alpn;
  if (name == "dst_port") return Fact::port;
  if (name == "ssl_fc") return Fact::tls;
  if (name == "req.ssl_hello_type" || name == "req_ssl_hello_type") return Fact::hello;
  if (name == "src") return Fact::source;
  if (name.ends_with("_conn_cur")) return Fact::connections;
  if (name.ends_with("_conn_rate")) return Fact::rate;
  if (name == "always_true") return Fact::always;
  return Fact::unknown;
}

bool add_count(const Arguments& arguments, Test& test) {
  std::string op = "eq";
  std::string number;
  if (!arguments.values.empty()) number = arguments.values.back();
  if (arguments.values.size() == 2) op = arguments.values.front();
  if (arguments.values.size() > 2 || number.empty() || number.size() > 9) return false;
  if (!std::ranges::all_of(number, [](char c) { return c >= '0' && c <= '9'; })) return false;
  const int value = std::stoi(number);
  if (test.fact == Fact::port) {
    if (op != "eq") return false;
    test.patterns.push_back({Form::exact, std::to_string(value)});
    return true;
  }
  if ((op != "gt" && op != "ge") || value < (op == "ge" ? 2 : 1)) return false;
  test.patterns.push_back({Form::exact, std::to_string(op == "gt" ? value : value - 1)});
  return true;
}

bool harmless(const Sample& sample, Fact fact) {
  return std::ranges::all_of(sample.converters, [&](const std::string& converter) {
    if (converter == "lower" || converter == "url_dec") return true;
    return fact == Fact::host && (converter == "host_only" || converter == "field(1,:)" || converter == "word(1,:)");
  });
}

bool add_patterns(Test& test, const Sample& sample, const Arguments& arguments) {
  const std::string& match = arguments.match.empty() ? sample.match : arguments.match;
  const bool caseless =
      arguments.ignore_case || std::ranges::find(sample.converters, "lower") != sample.converters.end();
  switch (test.fact) {
    case Fact::host:
    case Fact::sni:
      if (match == "found") {
        test.patterns.push_back({Form::any, {}});
        return true;
      }
      return !arguments.values.empty() &&
             std::ranges::all_of(arguments.values, [&](const std::string& v) { return add_name(match, v, test); });
    case Fact::path:
      return !arguments.values.empty() && std::ranges::all_of(arguments.values, [&](const std::string& v) {
        return add_path(match, v, caseless, test);
      });
    case Fact::alpn:
      for (const std::string& value : arguments.values) test.patterns.push_back({Form::exact, value});
      return !arguments.values.empty() && (match.empty() || match == "str" || match == "sub");
    case Fact::source:
      for (const std::string& value : arguments.values) test.patterns.push_back({Form::exact, value});
      return !arguments.values.empty() && (match.empty() || match == "ip");
    case Fact::port:
      if (arguments.values.size() > 1 && std::ranges::all_of(arguments.values, [](const std::string& v) {
            return !v.empty() && std::ranges::all_of(v, [](char c) { return c >= '0' && c <= '9'; });
          })) {
        for (const std::string& value : arguments.values) test.patterns.push_back({Form::exact, value});
        return true;
      }
      return add_count(arguments, test);
    case Fact::connections:
    case Fact::rate: return add_count(arguments, test);
    case Fact::tls: return arguments.values.empty() || (arguments.values.size() == 1 && arguments.values[0] == "1");
    case Fact::hello:
    case Fact::always: return true;
    case Fact::unknown: return false;
  }
  return false;
}

}  // namespace

Test read_test(std::span<const std::string> words, const config::FileSystem& disk) {
  Test test;
  test.text = joined(words);
  if (words.empty()) return test;
  const Sample sample = read_sample(words[0]);
  const Arguments arguments = read_arguments(words.subspan(1), disk);
  if (!sample.readable || !arguments.readable) return test;
  test.fact = fact_of(sample);
  if (!harmless(sample, test.fact) || !add_patterns(test, sample, arguments)) {
    test.fact = Fact::unknown;
    test.patterns.clear();
  }
  return test;
}

}  // namespace sp::import::haproxy
