// Real-world configurations, each with the sallyport.yaml that is made of it and the list of what was not translated.
// After a change that is meant: SP_UPDATE_GOLDEN=1 import_test --gtest_filter='Nginx/*', then read the differences.
#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

#include "config/files.h"
#include "config/load.h"
#include "import/golden_for_tests.h"
#include "import/import.h"
#include "import/nginx/tree.h"

namespace sp::import::nginx {
namespace {

const GoldenFiles golden{std::filesystem::path(SP_SOURCE_DIR) / "src/import/testdata/nginx", "/etc/nginx/", ".conf"};

void expect_accepted(const std::string& yaml, std::string_view about) {
  const config::Loaded loaded = config::load_text("sallyport.yaml", yaml, config::MemoryFileSystem());
  EXPECT_TRUE(loaded.ok()) << about << '\n' << config::print(loaded.findings, loaded.sources) << yaml;
}

class NginxGolden : public testing::TestWithParam<std::string> {};

TEST_P(NginxGolden, golden) {
  const std::vector<std::string> files = golden.shown(GetParam());
  const Imported imported = import_nginx(files, golden.all());
  golden.compare(GetParam(), imported);
  if (!imported.yaml.empty()) expect_accepted(imported.yaml, GetParam());
}

// ---- nothing is dropped silently

// Written again without the directive of this number; its name and line are told, and whether a block holds it that is
// lost as a whole.
class Writer {
 public:
  Writer(const Imported& whole, int leave_out) : whole_(whole), leave_out_(leave_out) {}

  void write(const std::vector<Directive>& all, bool lost_around) {
    for (const Directive& each : all) {
      const bool lost = lost_around || (each.block && has_note(each));
      if (!each.block && number_++ == leave_out_) {
        left_out = &each;
        left_out_is_lost = lost_around;
        left_out_is_repeated =
            std::ranges::count_if(all, [&](const Directive& other) { return other.name == each.name; }) > 1;
        continue;
      }
      text += word(each.name);
      for (const std::string& arg : each.args) text += " " + word(arg);
      if (!each.block) text += ";";
      if (each.block) {
        text += " {\n";
        write(each.children, lost);
        text += "}";
      }
      text += "\n";
    }
  }
  bool has_note(const Directive& directive) const {
    return std::ranges::any_of(whole_.untranslated, [&](const Untranslated& note) {
      return note.file == directive.file && note.line == directive.line && note.directive == directive.text();
    });
  }

  std::string text;
  const Directive* left_out = nullptr;
  bool left_out_is_lost = false, left_out_is_repeated = false;

 private:
  static std::string word(const std::string& text) {
    std::string quoted = "\"";
    for (const char c : text) quoted += c == '"' || c == '\\' ? std::string("\\") + c : std::string(1, c);
    return quoted + '"';
  }

  const Imported& whole_;
  int leave_out_;
  int number_ = 0;
};

std::string without_comments(const std::string& yaml) {
  std::istringstream in(yaml);
  std::string result;
  for (std::string line; std::getline(in, line);) {
    const size_t begin = line.find_first_not_of(' ');
    if (begin != std::string::npos && line[begin] != '#') result += line + '\n';
  }
  return result;
}

Imported imported_text(const std::string& text) {
  config::MemoryFileSystem files;
  files.files["/etc/nginx/x"] = text;
  return import_nginx(std::vector<std::string>{"/etc/nginx/x"}, files);
}

// Whatever is taken out of a file either changes the result, or had a remark.
TEST_P(NginxGolden, every_directive_has_an_effect_or_a_remark) {
  const std::vector<std::string> files = golden.shown(GetParam());
  const Imported whole = import_nginx(files, golden.all());
  const Tree tree = read_tree(files, golden.all());
  const auto write = [&](int leave_out) {
    Writer writer(whole, leave_out);
    const std::pair<const char*, const Directive*> contexts[] = {
        {"", &tree.main}, {"http", &tree.http}, {"stream", &tree.stream}, {"mail", &tree.mail}};
    for (const auto& [name, context] : contexts) {
      if (*name != '\0') writer.text += std::string(name) + " {\n";
      writer.write(context->children, false);
      if (*name != '\0') writer.text += "}\n";
    }
    return writer;
  };
  const std::string before = without_comments(imported_text(write(-1).text).yaml);
  EXPECT_EQ(before, without_comments(whole.yaml));
  for (int i = 0;; ++i) {
    const Writer writer = write(i);
    if (writer.left_out == nullptr) break;
    const Imported after = imported_text(writer.text);
    if (!after.yaml.empty()) expect_accepted(after.yaml, "without " + writer.left_out->text());
    // Of two `listen` that say the same either may go; and 80 is what NGINX takes without any.
    const bool again =
        writer.left_out->is("listen") && (writer.left_out_is_repeated || writer.left_out->arg(0) == "80");
    const bool told = writer.left_out_is_lost || writer.has_note(*writer.left_out) || again;
    EXPECT_TRUE(told || without_comments(after.yaml) != before)
        << writer.left_out->file << ':' << writer.left_out->line << ": " << writer.left_out->text();
  }
}

// Whatever is left of a file that was cut off somewhere: what is made of it is a configuration, or nothing.
TEST_P(NginxGolden, cut_files_are_survived) {
  const std::string text = golden.text(GetParam());
  for (size_t end = 0; end < text.size(); end += 7) {
    const Imported imported = imported_text(text.substr(0, end));
    if (!imported.yaml.empty() && imported.yaml.contains("inbound:"))
      expect_accepted(imported.yaml, text.substr(0, end));
  }
}

INSTANTIATE_TEST_SUITE_P(Nginx, NginxGolden, testing::ValuesIn(golden.names()), &GoldenFiles::name_of_test);

}  // namespace
}  // namespace sp::import::nginx
