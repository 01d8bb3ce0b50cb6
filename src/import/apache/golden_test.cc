// Real-world virtual hosts, each with the sallyport.yaml that is made of it and the list of what was not translated.
// After a change that is meant: SP_UPDATE_GOLDEN=1 import_test --gtest_filter='*golden*', then read the differences.
#include <gtest/gtest.h>

#include "config/files.h"
#include "config/load.h"
#include "import/golden_for_tests.h"
#include "import/import.h"

namespace sp::import {
namespace {

const GoldenFiles golden{std::filesystem::path(SP_SOURCE_DIR) / "src/import/testdata/apache",
                         "/etc/apache2/sites-enabled/", ".conf"};

class Golden : public testing::TestWithParam<std::string> {};

TEST_P(Golden, golden) {
  const std::vector<std::string> files = golden.shown(GetParam());
  const Imported imported = import_apache(files, golden.all());
  golden.compare(GetParam(), imported);
  const config::Loaded loaded = config::load_text("sallyport.yaml", imported.yaml, config::MemoryFileSystem());
  EXPECT_TRUE(loaded.ok()) << config::print(loaded.findings, loaded.sources);
}

INSTANTIATE_TEST_SUITE_P(Apache, Golden, testing::ValuesIn(golden.names()), &GoldenFiles::name_of_test);

}  // namespace
}  // namespace sp::import
