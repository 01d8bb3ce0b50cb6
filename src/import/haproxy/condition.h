// What follows `if` and `unless`: tests of facts about a connection or request, joined by and, or, not.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/files.h"
#include "import/haproxy/report.h"

namespace sp::import::haproxy {

enum class Fact : std::uint8_t {
  host,  // of the Host field
  path,
  sni,
  alpn,
  port,         // that the client has connected to
  tls,          // whether TLS was spoken with the client
  hello,        // whether what came looks like TLS
  source,       // the client's address
  connections,  // of the client's address, at a time
  rate,         // of its new connections
  always,
  unknown,  // what no route can ask
};

enum class Form : std::uint8_t {
  any,  // there is one at all
  exact,
  prefix,
  below,  // of names: any name below this one
  regex,
};

struct Pattern {
  Form form = Form::exact;
  std::string text;
  bool operator==(const Pattern&) const = default;
};

struct Test {
  Fact fact = Fact::unknown;
  std::vector<Pattern> patterns;  // one of them; of `connections` and `rate` the first is the number that is too many
  std::string text;               // for people
  bool widened = false;           // the patterns are somewhat other than HAProxy's
};

struct Literal {
  Test test;
  bool negated = false;
};
using All = std::vector<Literal>;

// One of these must hold. No condition at all is one empty list: it always holds.
struct Condition {
  std::vector<All> any{All{}};
  std::string text;  // "if host_chat"; empty: no condition
};

using NamedTests = std::map<std::string, std::vector<Test>, std::less<>>;

// One test: what stands between braces, or behind the name of an `acl`.
Test read_test(std::span<const std::string> words, const config::FileSystem& disk);

// `words` begin with `if` or `unless`, or are empty. Null with a reason where it cannot be read at all.
std::optional<Condition> read_condition(std::span<const std::string> words, const NamedTests& named,
                                        const config::FileSystem& disk, std::string& why);

// ---- what is known

// A class of requests or connections that are all treated alike: what is known of every one of them.
struct Where {
  std::optional<Pattern> host, path;  // null: one that no pattern is about
  std::optional<Pattern> sni;
  std::string alpn;
  int port = 0;
  bool tls = false;
  bool overlapping = false;  // whether an expression matches that may match some of them
};

enum class Truth : std::uint8_t { no, yes, open };
Truth judge(const Test& test, const Where& where);

// Whether all that `inner` stands for is what `outer` stands for too. Open: some of it, or nobody knows.
Truth covers_path(const Pattern& outer, const Pattern& inner);
Truth covers_name(const Pattern& outer, const Pattern& inner);

// What is left to be asked once it is known where: empty: it does not hold; a list that is empty: it holds.
std::vector<All> left_of(const Condition& condition, const Where& where);
bool holds(const std::vector<All>& left);

}  // namespace sp::import::haproxy
