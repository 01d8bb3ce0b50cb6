#include "config/files.h"

#include <gtest/gtest.h>

namespace sp::config {
namespace {

const std::string folder = std::string(SP_SOURCE_DIR) + "/src/config/testdata/";

TEST(Files, the_real_ones) {
  const RealFileSystem files;
  const auto secret = files.read(folder + "broken/secret.txt", 100);
  ASSERT_TRUE(secret.has_value());
  EXPECT_EQ(*secret, "two\nlines\n");
  EXPECT_EQ(files.read(folder + "broken/secret.txt", 3).error().code, Code::io_error);
  EXPECT_EQ(files.read(folder + "none", 100).error().code, Code::not_found);
  EXPECT_EQ(files.read(folder, 100).error().code, Code::io_error);
  EXPECT_EQ(files.glob(folder + "good/conf.d/*.yaml"), std::vector<std::string>{folder + "good/conf.d/extra.yaml"});
  EXPECT_TRUE(files.glob(folder + "none/*").empty());
  EXPECT_TRUE(files.has_folder(folder));
  EXPECT_FALSE(files.has_folder(folder + "none"));
  EXPECT_FALSE(files.has_folder(folder + "broken/secret.txt"));
  EXPECT_TRUE(files.variable("PATH").has_value());
  EXPECT_FALSE(files.variable("SP_NO_SUCH_VARIABLE").has_value());
}

TEST(Files, those_in_memory_make_their_folders) {
  MemoryFileSystem files;
  files.files["/var/log/gate/access.log"] = "";
  EXPECT_TRUE(files.has_folder("/var/log/gate"));
  EXPECT_TRUE(files.has_folder("/"));
  EXPECT_FALSE(files.has_folder("/var/lo"));
  EXPECT_FALSE(files.has_folder("/var/log/gate/access.log"));
}

TEST(Files, relative_paths_start_at_the_folder_of_the_file) {
  EXPECT_EQ(relative_to("/etc/s/a.yaml", "b.pem"), "/etc/s/b.pem");
  EXPECT_EQ(relative_to("/etc/s/a.yaml", "/b.pem"), "/b.pem");
  EXPECT_EQ(relative_to("a.yaml", "b.pem"), "b.pem");
  EXPECT_EQ(relative_to("s/a.yaml", "../b.pem"), "s/../b.pem");
}

}  // namespace
}  // namespace sp::config
