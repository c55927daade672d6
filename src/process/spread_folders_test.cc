#include "process/spread_folders.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/vfs.h>

#include "process/file_descriptor.h"

namespace clary::process {
namespace {

namespace fs = std::filesystem;

TEST(SpreadFolders, MakesTheFolderAndMarksItOnExt4) {
  const fs::path above = fs::temp_directory_path() / ("clary-spread-" + std::to_string(getpid()));
  const fs::path folder = above / "runs";
  make_spreading_folder(folder);
  make_spreading_folder(folder);  // once more changes nothing
  ASSERT_TRUE(fs::is_directory(folder));
  constexpr long kExt4 = 0xEF53;
  struct statfs system = {};
  ASSERT_EQ(statfs(folder.c_str(), &system), 0);
  if (system.f_type == kExt4) {
    const FileDescriptor file(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    long flags = 0;
    ASSERT_EQ(ioctl(file.get(), FS_IOC_GETFLAGS, &flags), 0);
    EXPECT_NE(flags & FS_TOPDIR_FL, 0);
  }
  fs::remove_all(above);
}

TEST(SpreadFolders, AFolderThatCannotBeMadeIsLeftToOthers) {
  make_spreading_folder("/proc/nothing/can/be/made/here");
  EXPECT_FALSE(fs::exists("/proc/nothing"));
}

}  // namespace
}  // namespace clary::process
