// Real-world virtual hosts, each with the sallyport.yaml that is made of it and the list of what was not translated.
// After a change that is meant: SP_UPDATE_GOLDEN=1 import_test --gtest_filter='*golden*', then read the differences.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "config/files.h"
#include "config/load.h"
#include "import/import.h"

namespace sp::import {
namespace {

namespace fs = std::filesystem;
const fs::path folder = fs::path(SP_SOURCE_DIR) / "src/import/testdata/apache";
const std::string shown_folder = "/etc/apache2/sites-enabled/";  // where the files seem to be

std::string content(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return std::move(out).str();
}

config::MemoryFileSystem all_files() {
  config::MemoryFileSystem files;
  for (const auto& each : fs::recursive_directory_iterator(folder)) {
    if (each.is_regular_file())
      files.files[shown_folder + fs::relative(each.path(), folder).string()] = content(each.path());
  }
  return files;
}

std::string list(const Imported& imported) {
  static constexpr const char* fates[] = {"LOST", "changed", "not needed"};
  std::ostringstream out;
  for (const config::Finding& error : imported.errors)
    out << "ERROR " << text(error.place) << ": " << error.message << '\n';
  for (const Untranslated& note : imported.untranslated) {
    out << fates[static_cast<size_t>(note.fate)] << ' ' << note.file.substr(shown_folder.size()) << ':' << note.line
        << ": " << note.directive << "\n    " << note.why << '\n';
  }
  return std::move(out).str();
}

std::vector<std::string> cases() {
  std::vector<std::string> names;
  for (const auto& each : fs::directory_iterator(folder)) {
    if (each.path().extension() == ".conf") names.push_back(each.path().stem().string());
  }
  std::ranges::sort(names);
  return names;
}

void compare(const fs::path& path, const std::string& made) {
  if (std::getenv("SP_UPDATE_GOLDEN") != nullptr) {
    std::ofstream(path, std::ios::binary) << made;
    return;
  }
  EXPECT_EQ(made, content(path)) << path;
}

class Golden : public testing::TestWithParam<std::string> {};

TEST_P(Golden, golden) {
  const std::vector<std::string> files{shown_folder + GetParam() + ".conf"};
  const Imported imported = import_apache(files, all_files());
  compare(folder / (GetParam() + ".yaml"), imported.yaml);
  compare(folder / (GetParam() + ".untranslated"), list(imported));
  const config::Loaded loaded = config::load_text("sallyport.yaml", imported.yaml, config::MemoryFileSystem());
  EXPECT_TRUE(loaded.ok()) << config::print(loaded.findings, loaded.sources);
}

INSTANTIATE_TEST_SUITE_P(Apache, Golden, testing::ValuesIn(cases()), [](const auto& each) {
  std::string name = each.param;
  std::ranges::replace(name, '-', '_');
  return name;
});

}  // namespace
}  // namespace sp::import
