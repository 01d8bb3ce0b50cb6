// Squid configurations as people have them, each with the sallyport.yaml that is made of it and the list of what was
// not translated. After a change that is meant: SP_UPDATE_GOLDEN=1 import_test --gtest_filter='Squid*', then read the
// differences.
#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

#include "config/files.h"
#include "config/load.h"
#include "import/golden_for_tests.h"
#include "import/import.h"

namespace sp::import::squid {
namespace {

const GoldenFiles golden{std::filesystem::path(SP_SOURCE_DIR) / "src/import/testdata/squid", "/etc/squid/", ".conf"};

Imported import_text(const std::string& text) {
  config::MemoryFileSystem files = golden.all();
  files.files["/etc/squid/squid.conf"] = text;
  return import_squid(std::vector<std::string>{"/etc/squid/squid.conf"}, files);
}

// The result without the comments, which repeat every remark and every rule.
std::string without_comments(const std::string& yaml) {
  std::istringstream in(yaml);
  std::string result;
  for (std::string line; std::getline(in, line);) {
    const auto first = line.find_first_not_of(' ');
    if (first == std::string::npos || line[first] != '#') result += line + '\n';
  }
  return result;
}

std::string yaml_of(const std::string& text) { return without_comments(import_text(text).yaml); }

// Those of one configuration, without the lines around them.
std::string rules_of(const std::string& text) {
  const std::string yaml = yaml_of("http_port 127.0.0.1:3128\n" + text);
  const auto at = yaml.find("    rules:\n");
  return at == std::string::npos ? "" : yaml.substr(at + 11);
}

bool is_remarked(const Imported& imported, int line, std::optional<Fate> fate = {}) {
  return std::ranges::any_of(imported.untranslated, [&](const Untranslated& note) {
    return note.line == line && (!fate || note.fate == *fate);
  });
}

void expect_accepted(const std::string& yaml, std::string_view about) {
  const config::Loaded loaded = config::load_text("sallyport.yaml", yaml, config::MemoryFileSystem());
  EXPECT_TRUE(loaded.ok()) << about << '\n' << config::print(loaded.findings, loaded.sources) << yaml;
}

class SquidFiles : public testing::TestWithParam<std::string> {};

TEST_P(SquidFiles, golden) {
  const Imported imported = import_squid(golden.shown(GetParam()), golden.all());
  golden.compare(GetParam(), imported);
  expect_accepted(imported.yaml, GetParam());
}

TEST_P(SquidFiles, every_line_has_an_effect_or_a_remark) {
  const std::vector<std::string> lines = lines_of(golden.text(GetParam()));
  const Imported whole = import_text(joined(lines));
  const auto said = [&](const Imported& imported) { return without_comments(imported.yaml) + golden.list(imported); };
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (lines[i].empty() || lines[i].front() == '#' || is_remarked(whole, static_cast<int>(i) + 1)) continue;
    std::vector<std::string> less = lines;
    less[i].clear();
    EXPECT_NE(said(import_text(joined(less))), said(whole)) << GetParam() << ":" << i + 1 << ": " << lines[i];
  }
}

// Cut anywhere, it still says something, and never what `check` refuses.
TEST_P(SquidFiles, cut_files_are_survived) {
  const std::string whole = golden.text(GetParam());
  for (std::size_t end = 0; end < whole.size(); end += 37) {
    const Imported imported = import_text(whole.substr(0, end));
    const bool no_certificate = imported.yaml.find("https://") != std::string::npos &&
                                imported.yaml.find("certificates:\n") == std::string::npos;
    if (imported.yaml.find("outbound:\n") == std::string::npos || no_certificate) continue;
    expect_accepted(imported.yaml, GetParam() + " cut at " + std::to_string(end));
  }
}

INSTANTIATE_TEST_SUITE_P(Squid, SquidFiles, testing::ValuesIn(golden.names()), &GoldenFiles::name_of_test);

// ---- one thing at a time

TEST(Squid, a_host_alone_is_not_its_domain) {
  EXPECT_EQ(rules_of("acl one dstdomain example.com\nhttp_access allow one\n"),
            "      - deny: [ .example.com ]\n"
            "      - allow: [ example.com ]\n        ports: [ 1-65535 ]\n");
  EXPECT_EQ(rules_of("acl all_of_it dstdomain .example.com\nhttp_access allow all_of_it\n"),
            "      - allow: [ example.com ]\n        ports: [ 1-65535 ]\n");
}

TEST(Squid, what_stands_deeper_is_allowed_first) {
  EXPECT_EQ(rules_of("acl some dstdomain example.com api.example.com .deep.api.example.com\nhttp_access allow some\n"),
            "      - allow: [ deep.api.example.com ]\n        ports: [ 1-65535 ]\n"
            "      - deny: [ .api.example.com ]\n"
            "      - allow: [ api.example.com ]\n        ports: [ 1-65535 ]\n"
            "      - deny: [ .example.com ]\n"
            "      - allow: [ example.com ]\n        ports: [ 1-65535 ]\n");
}

TEST(Squid, a_refusal_of_all_but_some_bounds_what_follows) {
  EXPECT_EQ(rules_of("acl some dstdomain .a.example .b.example\nacl deep dstdomain .x.a.example .c.example\n"
                     "http_access deny !some\nhttp_access allow deep\nhttp_access allow all\n"),
            "      - allow: [ x.a.example ]\n        ports: [ 1-65535 ]\n"
            "      - allow: [ a.example, b.example ]\n        ports: [ 1-65535 ]\n");
}

TEST(Squid, a_refusal_of_all_but_two_lists_allows_both) {
  EXPECT_EQ(rules_of("acl one dstdomain .a.example\nacl two dstdomain .b.example\nhttp_access deny !one !two\n"
                     "http_access allow all\n"),
            "      - allow: [ a.example, b.example ]\n        ports: [ 1-65535 ]\n");
}

TEST(Squid, what_no_rule_is_for_is_the_opposite_of_the_last_rule) {
  const std::string denies = "acl bad dstdomain .bad.example\nhttp_access deny bad\n";
  EXPECT_EQ(rules_of(denies), "      - deny: [ bad.example ]\n      - allow: [ \"*\" ]\n        ports: [ 1-65535 ]\n");
  EXPECT_TRUE(is_remarked(import_text("http_port 127.0.0.1:3128\n" + denies), 3, Fate::lost));
  EXPECT_EQ(rules_of(denies + "http_access deny all\n"), "      - deny: [ bad.example ]\n");
  EXPECT_EQ(rules_of(denies + "acl good dstdomain .good.example\nhttp_access allow good\n"),
            "      - deny: [ bad.example ]\n      - allow: [ good.example ]\n        ports: [ 1-65535 ]\n");
}

struct Strict {
  const char* name;
  const char* text;
  const char* rules;
};

// What cannot be said never allows more.
class SquidStrict : public testing::TestWithParam<Strict> {};

TEST_P(SquidStrict, allows_no_more) {
  const std::string text = std::string("http_port 127.0.0.1:3128\n") + GetParam().text;
  EXPECT_EQ(rules_of(GetParam().text), GetParam().rules);
  const Imported imported = import_text(text);
  EXPECT_TRUE(std::ranges::any_of(imported.untranslated, [](const auto& note) { return note.fate == Fate::lost; }));
}

INSTANTIATE_TEST_SUITE_P(
    Squid, SquidStrict,
    testing::Values(Strict{"refusal_by_expression",
                           "acl x url_regex -i secret\nhttp_access deny x\nhttp_access allow all\n",
                           "      - deny: [ \"*\" ]\n"},
                    Strict{"refusal_of_a_list_that_is_not_whole",
                           "acl x dstdom_regex \\.a\\.example$ evil\nhttp_access deny x\nhttp_access allow all\n",
                           "      - deny: [ \"*\" ]\n"},
                    Strict{"refusal_by_a_missing_file",
                           "acl x dstdomain \"/none\"\nhttp_access deny x\nhttp_access allow all\n",
                           "      - deny: [ \"*\" ]\n"},
                    Strict{"exception_by_expression",
                           "acl x url_regex -i secret\nhttp_access allow !x\nhttp_access deny all\n", ""},
                    Strict{"permission_by_a_program",
                           "acl x external groups staff\nhttp_access allow x\nhttp_access deny all\n", ""},
                    Strict{"permission_by_an_unknown_list", "http_access allow nobody\nhttp_access deny all\n", ""},
                    Strict{"permission_by_a_part_of_a_list",
                           "acl x dstdom_regex \\.a\\.example$ evil\nhttp_access allow x\nhttp_access deny all\n",
                           "      - allow: [ .a.example ]\n        ports: [ 1-65535 ]\n"}),
    [](const auto& each) { return std::string(each.param.name); });

TEST(Squid, ports_of_tunnels) {
  EXPECT_EQ(rules_of("acl SSL_ports port 443\nhttp_access deny CONNECT !SSL_ports\nhttp_access allow localhost\n"),
            "      - deny: [ \"*\" ]\n        ports: [ 1-442, 444-65535 ]\n        methods: [ CONNECT ]\n"
            "      - allow: [ \"*\" ]\n        ports: [ 1-65535 ]\n");
}

TEST(Squid, no_password_is_shown) {
  const Imported imported = import_squid(golden.shown("parent"), golden.all());
  EXPECT_EQ(imported.yaml.find("secret"), std::string::npos);
  EXPECT_EQ(golden.list(imported).find("secret"), std::string::npos);
}

TEST(Squid, lines_go_on_behind_a_backslash) {
  EXPECT_EQ(rules_of("acl some dstdomain .a.example \\\n  .b.example\nhttp_access allow some\n"),
            "      - allow: [ a.example, b.example ]\n        ports: [ 1-65535 ]\n");
}

TEST(Squid, files_that_include_each_other_end) {
  config::MemoryFileSystem files;
  files.files["/a.conf"] = "include /a.conf\nhttp_port 127.0.0.1:3128\n";
  const Imported imported = import_squid(std::vector<std::string>{"/a.conf"}, files);
  EXPECT_FALSE(imported.errors.empty());
}

TEST(Squid, a_missing_file_is_an_error) {
  const Imported imported = import_squid(std::vector<std::string>{"/nowhere.conf"}, config::MemoryFileSystem());
  EXPECT_TRUE(imported.yaml.empty());
  EXPECT_EQ(imported.errors.size(), 1u);
}

}  // namespace
}  // namespace sp::import::squid
