// `parent` of a way out: where its proxy is written, and what is wrong with it.
#include <gtest/gtest.h>

#include "config/load.h"

namespace sp::config {
namespace {

using Variables = std::map<std::string, std::string>;

Loaded loaded(std::string_view parent, Variables variables = {}, std::string_view more = {}) {
  MemoryFileSystem files;
  files.variables = std::move(variables);
  files.files["secret"] = "http://alice:sesame@10.0.0.9:3128\n";
  const std::string text =
      "outbound:\n  - listen: proxy://127.0.0.1:3128\n    rules: [ { allow: [ \"*\" ] } ]\n    parent: " +
      std::string(parent) + "\n" + std::string(more);
  return load_text("a.yaml", text, files);
}
std::string problems(const Loaded& result) { return print(result.findings, result.sources); }

// What the variables come to: http, https, no_proxy.
std::string of_environment(Variables variables, std::string_view parent = "{ environment: true }") {
  const Loaded result = loaded(parent, std::move(variables));
  const ParentConfig& made = *result.config.outbound.at(0).parent;
  return made.http_variable.value + " | " + made.https_variable.value + " | " + made.no_proxy.value;
}

TEST(Parent, a_text_alone_is_its_url) {
  const Loaded result = loaded("http://10.0.0.9:3128");
  ASSERT_TRUE(result.ok()) << problems(result);
  EXPECT_EQ(result.config.outbound.at(0).parent->url.value, "http://10.0.0.9:3128");
}

TEST(Parent, may_be_named_by_the_environment) {
  EXPECT_EQ(of_environment({{"HTTP_PROXY", "http://a:1"}, {"HTTPS_PROXY", "http://b:2"}, {"NO_PROXY", "c"}}),
            "http://a:1 | http://b:2 | c");
  EXPECT_EQ(of_environment({{"http_proxy", "http://a:1"}, {"https_proxy", "http://b:2"}, {"no_proxy", "c"}}),
            "http://a:1 | http://b:2 | c");
  // As curl and Python have it: the lower case first, and one that is empty is none.
  EXPECT_EQ(of_environment({{"http_proxy", "http://a:1"}, {"HTTP_PROXY", "http://x:9"}}), "http://a:1 |  | ");
  EXPECT_EQ(of_environment({{"http_proxy", ""}, {"HTTP_PROXY", "http://a:1"}}), "http://a:1 |  | ");
  EXPECT_EQ(of_environment({{"NO_PROXY", "c"}}, "{ environment: true, no_proxy: d }"), " |  | d");
  EXPECT_EQ(of_environment({{"NO_PROXY", "c"}}, "{ environment: true, no_proxy: \"\" }"), " |  | ");
  EXPECT_EQ(of_environment({{"HTTP_PROXY", "http://a:1"}, {"NO_PROXY", "c"}}, "{ url: \"http://b:2\" }"), " |  | ");
}

TEST(Parent, where_a_client_may_have_set_the_variable_it_is_not_believed) {
  EXPECT_EQ(of_environment({{"REQUEST_METHOD", "GET"}, {"HTTP_PROXY", "http://evil:1"}, {"HTTPS_PROXY", "http://b:2"}}),
            " | http://b:2 | ");
  EXPECT_EQ(of_environment({{"REQUEST_METHOD", ""}, {"HTTP_PROXY", "http://evil:1"}, {"http_proxy", "http://a:1"}}),
            "http://a:1 |  | ");
}

struct Row {
  std::string_view parent;
  Variables variables;
  std::string_view expected;  // in what is printed; empty: nothing is
  std::string_view more = {};
};

TEST(Parent, what_is_wrong_is_found) {
  constexpr std::string_view other =
      "  - listen: proxy://127.0.0.1:3129\n    parent: http://127.0.0.1:3128\n    rules: [ { allow: [ \"*\" ] } ]\n";
  constexpr std::string_view itself = "the parent leads back to this way out";
  const Row rows[] = {
      {"http://10.0.0.9:3128", {}, ""},
      {"{ url: { file: secret } }", {}, ""},
      {"{ url: \"${env.PARENT}\" }", {{"PARENT", "socks5://10.0.0.9:1080"}}, ""},
      {"{ environment: true }", {{"HTTPS_PROXY", "10.0.0.9:3128"}}, ""},
      {"{ no_proxy: a.example }", {}, "`parent` does not say which proxy"},
      {"{ url: \"http://p:1\", environment: true }", {{"HTTP_PROXY", "http://p:1"}}, "has a `url` and `environment`"},
      {"{ environment: true }", {}, "neither HTTP_PROXY nor HTTPS_PROXY is set"},
      {"{ environment: true }",
       {{"HTTPS_PROXY", "p"}},
       "HTTPS_PROXY of the environment: the URL of the proxy has no port"},
      {"ftp://p:1", {}, "`url`: it is not the URL of a proxy"},
      {"\"\"", {}, "`url`: it is not the URL of a proxy"},
      {"http://127.0.0.1:3128", {}, itself},
      {"http://localhost:3128", {}, itself},
      {"socks5://127.0.0.1:3128", {}, itself},
      {"{ environment: true }", {{"HTTP_PROXY", "http://127.0.0.1:3128"}}, itself},
      {"http://127.0.0.2:3128", {}, ""},
      {"http://127.0.0.1:3129", {}, ""},
      {"http://127.0.0.1:3129", {}, itself, other},
      {"http://10.0.0.9:3128", {}, "", other},
      {"{ url: \"http://p:1\", upstream_tls: { pin: x } }", {}, "base64"},
      {"{ url: \"http://p:1\", upstream_tls: { verify: none } }", {}, "no TLS is spoken with the parent"},
      {"{ url: \"https://p:1\", upstream_tls: { verify: chain } }", {}, ""},
  };
  for (const Row& row : rows) {
    const Loaded result = loaded(row.parent, row.variables, row.more);
    if (row.expected.empty()) {
      EXPECT_EQ(problems(result), "") << row.parent;
    } else {
      EXPECT_TRUE(problems(result).contains(row.expected)) << row.parent << "\n" << problems(result);
    }
  }
}

// Neither in what is said nor in the line of the file that is shown.
TEST(Parent, passwords_are_not_shown) {
  const Row rows[] = {
      {"ftp://alice:sesame@p:1", {}, ""},
      {"http://alice:sesame@p", {}, ""},
      {"http://alice:ses@me-sesame@p:1", {}, ""},
      {"http://alice:/sesame@p:1", {}, ""},
      {"{ url: \"http://alice:sesame@p:1\", urll: 1 }", {}, ""},
      {"{ urll: 1, url: \"http://alice:sesame@p:1\", no_proxy: \"http://x@y\" }", {}, ""},
      {"http://alice:sesame@127.0.0.1:3128", {}, ""},
      {"{ environment: true }", {{"HTTP_PROXY", "http://alice:sesame@p"}}, ""},
      {"{ environment: true }", {{"HTTP_PROXY", "http://alice:sesame@127.0.0.1:3128"}}, ""},
  };
  for (const Row& row : rows) {
    const Loaded result = loaded(row.parent, row.variables);
    EXPECT_FALSE(result.findings.empty()) << row.parent;
    EXPECT_FALSE(problems(result).contains("sesame")) << row.parent << "\n" << problems(result);
    EXPECT_FALSE(print_json(result.findings).contains("sesame")) << row.parent;
  }
}

}  // namespace
}  // namespace sp::config
