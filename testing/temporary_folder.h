// A folder for the files of one test, gone with it.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <stdexcept>
#include <string>

namespace sp::testing {

struct TemporaryFolder {
  TemporaryFolder() : path(::testing::TempDir() + "sallyport-XXXXXX") {
    if (::mkdtemp(path.data()) == nullptr) throw std::runtime_error("no folder can be made like " + path);
  }
  ~TemporaryFolder() { std::filesystem::remove_all(path); }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  std::string path;
};

}  // namespace sp::testing
