// A folder of its own for each test that needs files.
#pragma once

#include <filesystem>
#include <string>

#include "base/random.h"

namespace clary::store {

class TestFolder {
 public:
  TestFolder() : path_(std::filesystem::temp_directory_path() / ("clary-" + random_hex(8))) {
    std::filesystem::create_directories(path_);
  }
  ~TestFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TestFolder(const TestFolder&) = delete;
  TestFolder& operator=(const TestFolder&) = delete;
  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path operator/(const std::string& name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

}  // namespace clary::store
