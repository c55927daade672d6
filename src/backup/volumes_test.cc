#include "backup/volumes.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/fs.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <fstream>
#include <future>
#include <iterator>
#include <thread>

#include "process/disk_image.h"
#include "process/folder_key.h"
#include "process/frozen.h"
#include "process/spawn.h"
#include "process/volume_image.h"
#include "store/test_folder.h"

namespace clary::backup {
namespace {

namespace fs = std::filesystem;
using process::VolumeImage;

constexpr std::uint64_t kBytes = 64 << 20;

class VolumesTest : public testing::Test {
 protected:
  void SetUp() override {
    if (const auto why = process::why_no_volume_images()) GTEST_SKIP() << *why;
    fs::create_directories(original_);
  }
  ~VolumesTest() override {
    for (const fs::path& volume : {original_, copied_}) {
      ::umount2((volume / "plain").c_str(), MNT_DETACH);
    }
  }
  static std::string read(const fs::path& file) {
    std::ifstream in(file, std::ios::binary);
    return std::string{std::istreambuf_iterator<char>(in), {}};
  }
  static struct stat status(const fs::path& file) {
    struct stat found{};
    EXPECT_EQ(::stat(file.c_str(), &found), 0) << file;
    return found;
  }
  auto copy(const fs::path& to, const fs::path& earlier = {}, const Hashed& hashed = {}) const {
    return copy_volume(original_ / "disk", to, earlier, hashed);
  }
  std::string device() const { return process::find_attached(original_ / "disk")->name; }
  // Whether a file can be made within seconds; thaws what is frozen, so that the test ends.
  bool can_write(const fs::path& files) const {
    auto made = std::async(std::launch::async, [&] { std::ofstream(files / "more") << "text"; });
    const bool done = made.wait_for(std::chrono::seconds(20)) == std::future_status::ready;
    const int place = ::open((original_ / "plain").c_str(), O_RDONLY | O_CLOEXEC);
    if (!done) ::ioctl(place, FITHAW, 0);
    ::close(place);
    made.get();
    return done;
  }

  store::TestFolder folder_;
  const fs::path original_ = folder_ / "data/notebooks/one", copied_ = folder_ / "copied/one";
  const VolumeImage volume_{original_}, copy_{copied_};
  const std::string key_ = process::random_folder_key();
};

TEST_F(VolumesTest, WhatIsClosedIsCopiedOnce) {
  std::ofstream(volume_.open(kBytes, key_) / "file") << "text";
  volume_.close();
  EXPECT_EQ(volume_files(folder_ / "data"), std::vector{fs::path("notebooks/one/disk")});
  const auto first = copy(folder_ / "first/disk");
  ASSERT_TRUE(first && !first->shared);
  EXPECT_EQ(first->hashed.size, kBytes);
  EXPECT_LT(status(folder_ / "first/disk").st_blocks * 512, 16 << 20) << "holes are holes";
  const auto second = copy(folder_ / "second/disk", folder_ / "first/disk", first->hashed);
  EXPECT_TRUE(second && second->shared);
  EXPECT_EQ(second->hashed.sha256, first->hashed.sha256);
  EXPECT_EQ(status(folder_ / "second/disk").st_ino, status(folder_ / "first/disk").st_ino);

  std::ofstream(volume_.open(kBytes, key_) / "file") << "other";
  volume_.close();
  const auto third = copy(folder_ / "third/disk", folder_ / "second/disk", second->hashed);
  EXPECT_TRUE(third && !third->shared);

  ASSERT_TRUE(copy_hashed(folder_ / "first/disk", copied_ / "disk"));
  EXPECT_LT(status(copied_ / "disk").st_blocks * 512, 16 << 20);
  EXPECT_EQ(read(copy_.open(kBytes, key_) / "file"), "text");
  copy_.remove();
  ASSERT_TRUE(copy_hashed(folder_ / "third/disk", copied_ / "disk"));
  EXPECT_EQ(read(copy_.open(kBytes, key_) / "file"), "other");
  copy_.close();
  volume_.remove();
  EXPECT_FALSE(copy(folder_ / "fourth/disk"));
}

TEST_F(VolumesTest, WhatIsWrittenToIsCopiedAsOfOneMoment) {
  const fs::path files = volume_.open(kBytes, key_);
  std::ofstream(files / "before") << std::string(5'000'000, 'b');
  std::atomic<bool> end = false;
  std::atomic<int> written = 0;
  std::thread writer([&] {
    for (int number = 0; !end; ++number) {
      std::ofstream(files / std::to_string(number % 50)) << std::string(100'000, 'x');
      if (number > 25) fs::remove(files / std::to_string((number - 25) % 50));
      ++written;
    }
  });
  while (written < 30) std::this_thread::yield();
  for (int i = 0; i < 3; ++i) {
    const auto copied = copy(copied_ / "disk");
    ASSERT_TRUE(copied && !copied->shared);
    EXPECT_EQ(read(copy_.open(kBytes, key_) / "before").size(), 5'000'000U);
    copy_.close();  // what was just being deleted is deleted when it is opened
    const auto looked =
        process::run_tool("e2fsck", {"-fn", copied_ / "disk"}, std::chrono::milliseconds(60'000));
    EXPECT_EQ(looked.code, 0) << looked.said;
    copy_.remove();
  }
  const int so_far = written;
  while (written <= so_far) std::this_thread::yield();  // it goes on
  end = true;
  writer.join();
  volume_.close();
}

TEST_F(VolumesTest, WhoIsKilledLeavesNothingFrozen) {
  const fs::path files = volume_.open(kBytes, key_);
  auto ready = process::make_pipe();
  const pid_t child = ::fork();
  if (child == 0) {
    const process::Frozen frozen(device(), std::chrono::minutes(10));
    (void)!::write(ready.writer.get(), "x", 1);
    ::pause();
    ::_exit(0);
  }
  char byte = 0;
  ASSERT_EQ(::read(ready.reader.get(), &byte, 1), 1);
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  EXPECT_TRUE(can_write(files));
  volume_.close();
}

TEST_F(VolumesTest, NothingIsFrozenForLong) {
  const fs::path files = volume_.open(kBytes, key_);
  {
    process::Frozen frozen(device(), std::chrono::milliseconds(50));
    EXPECT_TRUE(can_write(files));
    EXPECT_FALSE(frozen.thaw()) << "what was read meanwhile is told to be of no use";
  }
  process::Frozen frozen(device(), std::chrono::minutes(1));
  EXPECT_TRUE(frozen.thaw());
  EXPECT_FALSE(frozen.thaw());
  volume_.close();
}

}  // namespace
}  // namespace clary::backup
