// Every file in testdata/broken has, beside it, what `check` prints of it; every file in testdata/good is without
// findings. SP_UPDATE_GOLDEN=1 in the environment writes what is printed now: read the difference before it is
// committed.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

#include "config/load.h"

namespace sp::config {
namespace {

const std::string testdata = std::string(SP_SOURCE_DIR) + "/src/config/testdata/";

// Reads from testdata/, under names that are the same on every machine.
class TestdataFiles final : public FileSystem {
 public:
  explicit TestdataFiles(std::string folder) : folder_(std::move(folder)) {}
  Result<std::string> read(const std::string& path, std::size_t limit_bytes) const override {
    return real_.read(folder_ + path, limit_bytes);
  }
  std::vector<std::string> glob(const std::string& pattern) const override {
    std::vector<std::string> paths = real_.glob(folder_ + pattern);
    for (std::string& path : paths) path.erase(0, folder_.size());
    return paths;
  }
  bool has_folder(const std::string& path) const override { return real_.has_folder(folder_ + path); }
  std::optional<std::string> variable(const std::string& name) const override {
    if (name == "SET") return "value";
    return std::nullopt;
  }

 private:
  std::string folder_;
  RealFileSystem real_;
};

class Broken : public testing::TestWithParam<std::string> {};
class Good : public testing::TestWithParam<std::string> {};

std::vector<std::string> files_in(const std::string& folder) { return TestdataFiles(testdata + folder).glob("*.yaml"); }
std::string test_name(const testing::TestParamInfo<std::string>& info) {
  std::string name = info.param.substr(0, info.param.rfind('.'));
  for (char& c : name) {
    if (c == '-') c = '_';
  }
  return name;
}

TEST_P(Broken, prints_what_is_wrong) {
  const TestdataFiles files(testdata + "broken/");
  const Loaded loaded = load_file(GetParam(), files);
  EXPECT_FALSE(loaded.findings.empty());
  const std::string printed = print(loaded.findings, loaded.sources);
  const std::string golden = testdata + "broken/" + GetParam().substr(0, GetParam().rfind('.')) + ".expected";
  if (std::getenv("SP_UPDATE_GOLDEN") != nullptr) std::ofstream(golden) << printed;
  const auto expected = RealFileSystem().read(golden, 1 << 20);
  ASSERT_TRUE(expected.has_value()) << golden;
  EXPECT_EQ(printed, *expected);
}
INSTANTIATE_TEST_SUITE_P(Config, Broken, testing::ValuesIn(files_in("broken/")), test_name);

TEST_P(Good, has_no_findings) {
  const TestdataFiles files(testdata + "good/");
  const Loaded loaded = load_file(GetParam(), files);
  EXPECT_EQ(print(loaded.findings, loaded.sources), "");
}
INSTANTIATE_TEST_SUITE_P(Config, Good, testing::ValuesIn(files_in("good/")), test_name);

TEST(Golden, there_are_enough_of_them) { EXPECT_GE(files_in("broken/").size(), 50u); }

}  // namespace
}  // namespace sp::config
