#include "process/encrypted_folder.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <fstream>
#include <iterator>

#include "base/random.h"
#include "base/text.h"

namespace clary::process {
namespace {

namespace fs = std::filesystem;

class EncryptedFolderTest : public testing::Test {
 protected:
  void SetUp() override {
    if (const auto why = why_no_encrypted_folders()) GTEST_SKIP() << *why;
    fs::create_directories(folder_);
  }
  ~EncryptedFolderTest() override {
    detach_mount(folder_ / "place");
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
  }
  static std::string read(const fs::path& file) {
    std::ifstream in(file, std::ios::binary);
    return std::string{std::istreambuf_iterator<char>(in), {}};
  }
  const fs::path folder_ = fs::temp_directory_path() / ("clary-volume-" + random_hex(8));
};

TEST_F(EncryptedFolderTest, WhatIsWrittenIsOnDiskEncryptedAndGoneAfterwards) {
  {
    const EncryptedFolder volume(folder_ / "sealed", folder_ / "place", random_hex(32));
    std::ofstream(folder_ / "place" / "data.csv") << "a secret line";
    EXPECT_EQ(read(folder_ / "place" / "data.csv"), "a secret line");
    std::size_t files = 0;
    for (const auto& entry : fs::recursive_directory_iterator(folder_ / "sealed")) {
      if (!entry.is_regular_file()) continue;
      ++files;
      EXPECT_EQ(entry.path().native().find("data.csv"), std::string::npos);
      EXPECT_EQ(read(entry.path()).find("secret line"), std::string::npos);
    }
    EXPECT_GE(files, 2U);
  }
  EXPECT_FALSE(fs::exists(folder_ / "sealed"));
  EXPECT_TRUE(fs::is_empty(folder_ / "place"));
}

TEST_F(EncryptedFolderTest, AMountThatWasLeftBehindIsTakenAway) {
  auto* const left = new EncryptedFolder(folder_ / "sealed", folder_ / "place", random_hex(32));
  detach_mount(folder_ / "place");
  EXPECT_TRUE(fs::is_empty(folder_ / "place"));
  delete left;
}

}  // namespace
}  // namespace clary::process
