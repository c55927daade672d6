#include "engine/notebook_volumes.h"

#include <gtest/gtest.h>

#include <fstream>
#include <stdexcept>

#include "base/random.h"
#include "process/folder_key.h"

namespace clary::engine {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kBytes = 32 << 20;

TEST(NotebookVolumes, EachHasAFolderOfItsOwn) {
  if (const auto why = NotebookVolumes::why_not()) GTEST_SKIP() << *why;
  const fs::path folder = fs::temp_directory_path() / ("clary-notebooks-" + random_hex(8));
  NotebookVolumes volumes(folder);
  const std::string key = process::random_folder_key(), other = process::random_folder_key();
  const fs::path first = volumes.open("first", kBytes, key);
  const fs::path second = volumes.open("second", kBytes, other);
  std::ofstream(first / "file") << "text";
  EXPECT_TRUE(fs::exists(first / "file"));
  EXPECT_FALSE(fs::exists(second / "file"));
  EXPECT_THROW(volumes.open("first", kBytes, other), std::runtime_error);
  volumes.close("first");
  volumes.close("never-there");
  volumes.remove("first");
  EXPECT_FALSE(fs::exists(folder / "first"));
  EXPECT_TRUE(fs::exists(second));
  volumes.remove("second");
  EXPECT_TRUE(fs::is_empty(folder));
  fs::remove_all(folder);
}

TEST(NotebookVolumes, ANameThatIsAPathIsRefused) {
  NotebookVolumes volumes("/nonexistent");
  const std::string key(process::kFolderKeyBytes, 'k');
  for (const char* id : {"", ".", "..", "a/b", "../a", "/a", "a/"}) {
    EXPECT_THROW(volumes.open(id, kBytes, key), std::runtime_error) << id;
    EXPECT_THROW(volumes.remove(id), std::runtime_error) << id;
  }
}

}  // namespace
}  // namespace clary::engine
