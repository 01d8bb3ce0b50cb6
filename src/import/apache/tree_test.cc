#include "import/apache/tree.h"

#include <gmock/gmock.h>

namespace sp::import::apache {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Tree read(std::map<std::string, std::string> files, const ReadLimits& limits = {}) {
  config::MemoryFileSystem disk;
  disk.files = std::move(files);
  const std::vector<std::string> first{"/etc/apache2/apache2.conf"};
  return read_tree(first, disk, limits);
}
Tree read_one(std::string text, const ReadLimits& limits = {}) {
  return read({{"/etc/apache2/apache2.conf", std::move(text)}}, limits);
}

// "Name arg arg", sections as "Name arg { ... }": the whole tree on one line.
std::string shown(const std::vector<Directive>& directives) {
  std::string result;
  for (const Directive& each : directives) {
    if (!result.empty()) result += "; ";
    result += each.name;
    for (const std::string& arg : each.args) result += " " + arg;
    if (each.section) result += " { " + shown(each.children) + " }";
  }
  return result;
}

std::vector<std::string> errors_of(const Tree& tree) {
  std::vector<std::string> result;
  result.reserve(tree.errors.size());
  for (const config::Finding& each : tree.errors)
    result.push_back(std::to_string(each.place.line) + ": " + each.message);
  return result;
}

struct Row {
  std::string_view name, text, expected;
};

TEST(ApacheTree, table) {
  static constexpr Row rows[] = {
      {"sections nest", "<VirtualHost *:80>\n<Location /a>\nProxyPass http://h/\n</Location>\n</VirtualHost>",
       "VirtualHost *:80 { Location /a { ProxyPass http://h/ } }"},
      {"space before the end of a section", "<Location /a >\n</Location >", "Location /a {  }"},
      {"names without case", "<location /a>\n</LOCATION>", "location /a {  }"},
      {"quoted section argument", "<Location \"/a b\">\n</Location>", "Location /a b {  }"},
      {"define", "Define A x\nListen ${A}1 ${B}", "Listen x1 ${B}"},
      {"undefine", "Define A x\nUnDefine A\nListen ${A}", "Listen ${A}"},
      {"not replaced twice", "Define A ${B}\nDefine B x\nListen ${A}", "Listen ${B}"},
      {"IfDefine", "Define A\n<IfDefine A>\nListen 1\n</IfDefine>\n<IfDefine !A>\nListen 2\n</IfDefine>", "Listen 1"},
      {"Define in a section that is left out",
       "<IfDefine A>\nDefine B\n</IfDefine>\n<IfDefine B>\nListen 1\n</IfDefine>", ""},
      {"modules are there",
       "<IfModule mod_ssl.c>\nListen 1\n<IfModule !ssl_module>\nListen 2\n</IfModule>\n</IfModule>", "Listen 1"},
      {"versions",
       "<IfVersion >= 2.4>\nListen 1\n</IfVersion>\n<IfVersion < 2.4.9>\nListen 2\n</IfVersion>\n<IfVersion "
       "!2.4.1>\nListen 3\n</IfVersion>",
       "Listen 1; Listen 3"},
      {"version by expression",
       "<IfVersion ~ ^2\\.4>\nListen 1\n</IfVersion>\n<IfVersion = /^2\\.2/>\nListen 2\n</IfVersion>", "Listen 1"},
      {"a condition within a section", "<VirtualHost *>\n<IfModule x>\nA 1\n</IfModule>\nB 2\n</VirtualHost>",
       "VirtualHost * { A 1; B 2 }"},
      {"nothing", "", ""},
  };
  for (const Row& row : rows) {
    const Tree tree = read_one(std::string(row.text));
    EXPECT_EQ(shown(tree.directives), row.expected) << row.name;
    EXPECT_THAT(errors_of(tree), IsEmpty()) << row.name;
  }
}

TEST(ApacheTree, includes_stand_where_they_are_named) {
  const Tree tree = read({{"/etc/apache2/apache2.conf",
                           "<VirtualHost *>\nA 1\nInclude sites/*.conf\nB 2\n</VirtualHost>\nIncludeOptional "
                           "none/*\nInclude /abs/x\nInclude folder"},
                          {"/etc/apache2/sites/1.conf", "<Location />\nC 3\n</Location>"},
                          {"/etc/apache2/sites/2.conf", "D 4"},
                          {"/abs/x", "E 5"},
                          {"/etc/apache2/folder/y", "F 6"}});
  EXPECT_EQ(shown(tree.directives), "VirtualHost * { A 1; Location / { C 3 }; D 4; B 2 }; E 5; F 6");
  EXPECT_THAT(errors_of(tree), IsEmpty());
  EXPECT_EQ(tree.directives[0].children[2].file, "/etc/apache2/sites/2.conf");
  EXPECT_EQ(tree.directives[0].children[2].line, 1);
}

TEST(ApacheTree, ServerRoot_is_where_includes_begin) {
  const Tree tree =
      read({{"/etc/apache2/apache2.conf", "ServerRoot /srv\nInclude x"}, {"/srv/x", "A 1"}, {"/etc/apache2/x", "B 2"}});
  EXPECT_EQ(shown(tree.directives), "ServerRoot /srv; A 1");
}

TEST(ApacheTree, what_is_wrong_has_its_line_and_the_rest_is_read) {
  EXPECT_THAT(errors_of(read_one("<Location />\nA 1")), ElementsAre(HasSubstr("1: <Location /> is not closed")));
  EXPECT_THAT(errors_of(read_one("A 1\n</Location>")), ElementsAre(HasSubstr("2: </Location> closes nothing")));
  const Tree crossed = read_one("<VirtualHost *>\n<Location />\nA 1\n</VirtualHost>\nB 2");
  EXPECT_THAT(errors_of(crossed), ElementsAre(HasSubstr("4: </VirtualHost> stands where </Location> was expected")));
  EXPECT_EQ(shown(crossed.directives), "VirtualHost * { Location / { A 1 } }; B 2");
  EXPECT_THAT(errors_of(read_one("Include nowhere")), ElementsAre(HasSubstr("1: Include nowhere: no such file")));
  EXPECT_THAT(errors_of(read_one("Include apache2.conf\nA 1")), ElementsAre(HasSubstr("includes itself")));
  EXPECT_THAT(errors_of(read({})), ElementsAre(HasSubstr("cannot be read")));
}

TEST(ApacheTree, everything_is_bounded) {
  std::string nested;
  for (int i = 0; i < 1000; ++i) nested += "<Location />\n";
  for (int i = 0; i < 1000; ++i) nested += "</Location>\n";
  EXPECT_THAT(errors_of(read_one(nested)), testing::Contains(HasSubstr("nested too deeply")));
  EXPECT_THAT(errors_of(read_one("A 1\nB 2\nC 3", {.directives = 2})), ElementsAre(HasSubstr("more directives")));
  EXPECT_THAT(errors_of(read_one("A " + std::string(100, 'x'), {.line_bytes = 50})),
              ElementsAre(HasSubstr("too long")));
  std::map<std::string, std::string> chain{{"/etc/apache2/apache2.conf", "Include 0"}};
  for (int i = 0; i < 100; ++i) chain["/etc/apache2/" + std::to_string(i)] = "Include " + std::to_string(i + 1);
  EXPECT_THAT(errors_of(read(chain)), ElementsAre(HasSubstr("nested too deeply")));
}

}  // namespace
}  // namespace sp::import::apache
