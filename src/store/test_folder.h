// A folder of its own for each test that needs files.
#pragma once

#include <filesystem>
#include <string>

#include "base/random.h"

namespace clary::store {

class TestFolder {
 public:
  TestFolder() : path_(base() / ("clary-" + random_hex(8))) {
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
  // Memory where there is enough of it: a kill -9 does not tell it from a disk, and tests do not
  // wait for one.
  static std::filesystem::path base() {
    const std::filesystem::path memory = "/dev/shm";
    std::error_code error;
    const auto space = std::filesystem::space(memory, error);
    constexpr std::uintmax_t kEnough = std::uintmax_t{512} << 20;
    const bool usable =
        !error && space.available != static_cast<std::uintmax_t>(-1) && space.available >= kEnough;
    return usable ? memory : std::filesystem::temp_directory_path();
  }

  std::filesystem::path path_;
};

}  // namespace clary::store
