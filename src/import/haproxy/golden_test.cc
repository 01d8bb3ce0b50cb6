// HAProxy configurations as people have them, each with the sallyport.yaml that is made of it and the list of what was
// not translated. After a change that is meant: SP_UPDATE_GOLDEN=1 import_test --gtest_filter='HAProxy*', then read the
// differences.
#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

#include "config/files.h"
#include "config/load.h"
#include "import/golden_for_tests.h"
#include "import/import.h"

namespace sp::import::haproxy {
namespace {

const GoldenFiles golden{std::filesystem::path(SP_SOURCE_DIR) / "src/import/testdata/haproxy", "/etc/haproxy/", ".cfg"};

Imported import_text(const std::string& text) {
  config::MemoryFileSystem files = golden.all();
  files.files["/etc/haproxy/haproxy.cfg"] = text;
  return import_haproxy(std::vector<std::string>{"/etc/haproxy/haproxy.cfg"}, files);
}

// The result without the comments at its top, which name every remark.
std::string without_comments(const std::string& yaml) {
  std::istringstream in(yaml);
  std::string result;
  for (std::string line; std::getline(in, line);) {
    if (!line.starts_with('#')) result += line + '\n';
  }
  return result;
}

class HaproxyFiles : public testing::TestWithParam<std::string> {};

TEST_P(HaproxyFiles, golden) {
  const std::vector<std::string> files = golden.shown(GetParam());
  const Imported imported = import_haproxy(files, golden.all());
  golden.compare(GetParam(), imported);
  const config::Loaded loaded = config::load_text("sallyport.yaml", imported.yaml, config::MemoryFileSystem());
  EXPECT_TRUE(loaded.ok()) << config::print(loaded.findings, loaded.sources);
}

// What HAProxy would do without the line as well.
bool says_the_default(const std::string& line) {
  std::istringstream in(line);
  std::string word, value;
  in >> word >> value;
  return (word == "mode" && value == "tcp") || (word == "balance" && value == "roundrobin");
}

// Of two that say the same of the two directions, one would be enough.
bool is_of_one_direction(const std::string& line) {
  return line.find("timeout client ") != std::string::npos || line.find("timeout server ") != std::string::npos;
}

// The same file without what the line says.
std::vector<std::string> taken_away(std::vector<std::string> lines, size_t index) {
  const bool both = is_of_one_direction(lines[index]);
  lines[index].clear();
  if (!both) return lines;
  for (std::string& line : lines) {
    if (is_of_one_direction(line)) line.clear();
  }
  return lines;
}

// All that the importer says, but for the comments, which repeat it.
std::string said(const Imported& imported) { return without_comments(imported.yaml) + golden.list(imported); }

bool is_remarked(const Imported& imported, int line) {
  return std::ranges::any_of(imported.untranslated, [&](const Untranslated& note) { return note.line == line; }) ||
         std::ranges::any_of(imported.errors, [&](const config::Finding& error) { return error.place.line == line; });
}

// Sections that were left out whole say so at their first line.
bool is_in_remarked_section(const Imported& imported, const std::vector<std::string>& lines, size_t index) {
  while (index > 0 && (lines[index].empty() || lines[index].front() == ' ' || lines[index].front() == '#')) --index;
  return is_remarked(imported, static_cast<int>(index) + 1);
}

TEST_P(HaproxyFiles, every_line_has_an_effect_or_a_remark) {
  const std::vector<std::string> lines = lines_of(golden.text(GetParam()));
  const Imported whole = import_text(joined(lines));
  for (size_t i = 0; i < lines.size(); ++i) {
    const size_t first = lines[i].find_first_not_of(" \t");
    if (first == std::string::npos || lines[i][first] == '#' || lines[i][first] == '.') continue;
    if (is_remarked(whole, static_cast<int>(i) + 1) || says_the_default(lines[i])) continue;
    if (is_in_remarked_section(whole, lines, i)) continue;
    EXPECT_TRUE(said(import_text(joined(taken_away(lines, i)))) != said(whole))
        << GetParam() << ":" << i + 1 << ": " << lines[i];
  }
}

TEST_P(HaproxyFiles, every_word_that_is_not_known_has_a_remark) {
  static constexpr std::string_view checked[] = {"bind",    "server",  "option forwardfor", "mode",
                                                 "timeout", "retries", "default_backend",   "maxconn"};
  const std::vector<std::string> lines = lines_of(golden.text(GetParam()));
  for (size_t i = 0; i < lines.size(); ++i) {
    const size_t first = lines[i].find_first_not_of(" \t");
    const auto is_checked = [&](std::string_view word) { return lines[i].substr(first).starts_with(word); };
    if (first == std::string::npos || std::ranges::none_of(checked, is_checked)) continue;
    std::vector<std::string> more = lines;
    more[i] = more[i].substr(0, more[i].find(" #")) + " zzfrobnicatezz";
    const Imported imported = import_text(joined(more));
    if (is_in_remarked_section(imported, more, i)) continue;
    EXPECT_TRUE(is_remarked(imported, static_cast<int>(i) + 1)) << GetParam() << ":" << i + 1 << ": " << more[i];
  }
}

// Cut anywhere, it still says something, and never what `check` refuses.
TEST_P(HaproxyFiles, cut_files_are_survived) {
  const std::string whole = golden.text(GetParam());
  for (size_t end = 0; end < whole.size(); end += 37) {
    const Imported imported = import_text(whole.substr(0, end));
    if (imported.yaml.find("inbound:") == std::string::npos) continue;
    const config::Loaded loaded = config::load_text("sallyport.yaml", imported.yaml, config::MemoryFileSystem());
    const bool no_certificate = imported.yaml.find("certificates:") == std::string::npos;
    EXPECT_TRUE(loaded.ok() || no_certificate) << GetParam() << " cut at " << end << '\n'
                                               << config::print(loaded.findings, loaded.sources) << imported.yaml;
  }
}

INSTANTIATE_TEST_SUITE_P(HAProxy, HaproxyFiles, testing::ValuesIn(golden.names()), &GoldenFiles::name_of_test);

// ---- one thing at a time

std::string yaml_of(const std::string& text) { return without_comments(import_text(text).yaml); }

const std::string http_head =
    "defaults\n mode http\nbackend a\n server a 10.0.0.1:80\nbackend b\n server b 10.0.0.2:80\n";

TEST(HAProxy, the_first_backend_that_holds_wins_not_the_longest_path) {
  const std::string yaml = yaml_of(http_head +
                                   "frontend f\n bind 10.0.0.9:80\n use_backend a if { path_beg /x/ }\n"
                                   " use_backend b if { path_beg /x/y/ }\n default_backend b\n");
  EXPECT_EQ(yaml.find("/x/y/"), std::string::npos) << yaml;
  EXPECT_NE(yaml.find("path: /x/"), std::string::npos) << yaml;
}

TEST(HAProxy, a_guarded_prefix_guards_half_segments_too) {
  const std::string yaml =
      yaml_of(http_head +
              "frontend f\n bind 10.0.0.9:80\n"
              " http-request deny if { path_beg /admin } !{ src 192.0.2.0/24 }\n default_backend a\n");
  EXPECT_NE(yaml.find("regex: \"^/admin\""), std::string::npos) << yaml;
  EXPECT_NE(yaml.find("allow: [ 192.0.2.0/24 ]"), std::string::npos) << yaml;
}

TEST(HAProxy, what_had_to_be_shown_keeps_others_out) {
  const std::string yaml = yaml_of(http_head +
                                   "frontend f\n bind 10.0.0.9:80\n"
                                   " http-request deny unless { req.hdr(x-key) secret }\n default_backend a\n");
  EXPECT_NE(yaml.find("deny: [ \"*\" ]"), std::string::npos) << yaml;
}

TEST(HAProxy, an_expression_that_keeps_out_comes_before_other_paths) {
  const std::string yaml =
      yaml_of(http_head +
              "frontend f\n bind 10.0.0.9:80\n http-request set-header X-Api yes if { path_beg /api/ }\n"
              " http-request deny if { path_end .php }\n default_backend a\n");
  EXPECT_LT(yaml.find("php"), yaml.find("/api/")) << yaml;
}

TEST(HAProxy, an_expression_of_another_host_takes_nothing_away) {
  const std::string yaml = yaml_of(http_head +
                                   "frontend f\n bind 10.0.0.9:80\n acl one hdr(host) one.example.com\n"
                                   " use_backend b if one { path_end .css }\n use_backend b if !one { path_beg /x/ }\n"
                                   " default_backend a\n");
  EXPECT_EQ(yaml.find("css"), yaml.rfind("css")) << yaml;
}

TEST(HAProxy, expressions_that_overlap_are_remarked_upon) {
  const Imported imported =
      import_text(http_head +
                  "frontend f\n bind 10.0.0.9:80\n http-request set-header X-Css yes if { path_end .css }\n"
                  " use_backend b if { path_beg /x/ }\n default_backend a\n");
  ASSERT_FALSE(imported.untranslated.empty());
  EXPECT_EQ(imported.untranslated[0].line, 9);
  EXPECT_EQ(imported.untranslated[0].fate, Fate::lost);
}

TEST(HAProxy, an_exception_of_the_redirect_makes_two_entries) {
  const std::string yaml =
      yaml_of(http_head +
              "frontend f\n bind 10.0.0.9:80\n bind 10.0.0.9:443 ssl crt /x.pem\n"
              " http-request redirect scheme https unless { ssl_fc } or { path_beg /.well-known/ }\n"
              " use_backend b if { path_beg /.well-known/ }\n default_backend a\n");
  EXPECT_NE(yaml.find("name: f-http"), std::string::npos) << yaml;
  EXPECT_NE(yaml.find("https://${request.host}${request.uri}"), std::string::npos) << yaml;
}

TEST(HAProxy, several_conditions_join_as_haproxy_joins_them) {
  const std::string yaml =
      yaml_of(http_head +
              "frontend f\n bind 10.0.0.9:80\n acl h hdr(host) -i one.example.com\n"
              " acl h hdr(host) -i two.example.com\n use_backend b if h !{ path_beg /x/ } or { path /only }\n"
              " default_backend a\n");
  EXPECT_NE(yaml.find("hosts: [ one.example.com, two.example.com ]"), std::string::npos) << yaml;
  EXPECT_NE(yaml.find("exact: /only"), std::string::npos) << yaml;
}

TEST(HAProxy, names_that_no_host_has_are_reported) {
  const Imported imported = import_text(
      "defaults\n mode tcp\nlisten a\n bind 10.0.0.9:25\n use_backend b if { req.ssl_sni mail..example.com }\n"
      " server a mail..example.com:25\n server b 10.0.0.1:25\nbackend b\n server b 10.0.0.2:25\n");
  const config::Loaded loaded = config::load_text("sallyport.yaml", imported.yaml, config::MemoryFileSystem());
  EXPECT_TRUE(loaded.ok()) << config::print(loaded.findings, loaded.sources);
  EXPECT_TRUE(is_remarked(imported, 5));
  EXPECT_TRUE(is_remarked(imported, 6));
}

TEST(HAProxy, a_listener_that_is_taken_is_reported) {
  const Imported imported = import_text(
      "defaults\n mode tcp\nlisten a\n bind 10.0.0.9:25\n server a 10.0.0.1:25\n"
      "listen b\n bind 10.0.0.9:25\n server b 10.0.0.2:25\n");
  ASSERT_EQ(imported.untranslated.size(), 1u);
  EXPECT_EQ(imported.untranslated[0].line, 7);
}

TEST(HAProxy, includes_and_folders_are_one_configuration) {
  config::MemoryFileSystem files;
  files.files["/etc/haproxy/conf.d/1.cfg"] = "defaults\n mode tcp\nfrontend f\n bind 10.0.0.9:25\n default_backend b\n";
  files.files["/etc/haproxy/conf.d/2.cfg"] = "backend b\n mode tcp\n server b 10.0.0.2:25\n";
  const Imported imported = import_haproxy(std::vector<std::string>{"/etc/haproxy/conf.d"}, files);
  EXPECT_NE(imported.yaml.find("to: tcp://10.0.0.2:25"), std::string::npos) << imported.yaml;
}

TEST(HAProxy, a_missing_file_is_an_error) {
  const Imported imported = import_haproxy(std::vector<std::string>{"/nowhere.cfg"}, config::MemoryFileSystem());
  EXPECT_TRUE(imported.yaml.empty());
  EXPECT_EQ(imported.errors.size(), 1u);
}

}  // namespace
}  // namespace sp::import::haproxy
