#include "process/volume_image.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/fs.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <iterator>
#include <thread>

#include "base/random.h"
#include "process/disk_image.h"
#include "process/folder_key.h"
#include "process/spawn.h"

namespace clary::process {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

constexpr std::uint64_t kBytes = 64 << 20;

class VolumeImageTest : public testing::Test {
 protected:
  void SetUp() override {
    if (const auto why = why_no_volume_images()) GTEST_SKIP() << *why;
    fs::create_directories(root_);
  }
  ~VolumeImageTest() override {
    std::error_code ignored;
    ::umount2((folder_ / "plain").c_str(), MNT_DETACH);
    fs::remove_all(root_, ignored);
  }
  static std::string read(const fs::path& file) {
    std::ifstream in(file, std::ios::binary);
    return std::string{std::istreambuf_iterator<char>(in), {}};
  }
  static void write(const fs::path& file, const std::string& text) {
    std::ofstream(file, std::ios::binary) << text;
  }
  std::string refusal(std::uint64_t bytes, const std::string& key) const {
    try {
      volume_.open(bytes, key);
    } catch (const std::exception& error) {
      return error.what();
    }
    return "";
  }
  std::uint64_t size() const {
    struct statvfs status{};
    EXPECT_EQ(::statvfs((folder_ / "plain").c_str(), &status), 0);
    return status.f_blocks * status.f_frsize;
  }
  bool closed() const { return !is_mounted(folder_ / "plain") && !find_attached(folder_ / "disk"); }
  // What stands in the image.
  std::string bytes_on_disk() const {
    const FileDescriptor file(::open((folder_ / "disk").c_str(), O_RDONLY | O_CLOEXEC));
    std::string all;
    for (off_t begin = 0, end = 0; (begin = lseek(file.get(), end, SEEK_DATA)) >= 0;) {
      end = lseek(file.get(), begin, SEEK_HOLE);
      std::string data(static_cast<std::size_t>(end - begin), '\0');
      EXPECT_EQ(pread(file.get(), data.data(), data.size(), begin), end - begin);
      all += data;
    }
    return all;
  }

  const fs::path root_ = fs::temp_directory_path() / ("clary-image-" + random_hex(8));
  const fs::path folder_ = root_ / "volume";
  const VolumeImage volume_{folder_};
  const std::string key_ = random_folder_key();
};

TEST_F(VolumeImageTest, WhatIsWrittenIsThereAgainAndOnDiskEncrypted) {
  const fs::path files = volume_.open(kBytes, key_);
  std::string text;
  while (text.size() < 200'000) text += "a line for nobody else\n";
  write(files / "name-of-the-file", text);
  EXPECT_EQ(volume_.open(kBytes, key_), files) << "it is open already";
  EXPECT_EQ(read(files / "name-of-the-file"), text);
  volume_.close();
  EXPECT_TRUE(closed());
  EXPECT_FALSE(fs::exists(files));
  volume_.close();
  const std::string disk = bytes_on_disk();
  EXPECT_GT(disk.size(), text.size());
  EXPECT_THAT(disk, testing::Not(HasSubstr("a line for nobody else")));
  EXPECT_THAT(disk, testing::Not(HasSubstr("name-of-the-file")));
  EXPECT_THAT(disk, testing::Not(HasSubstr(key_)));
  EXPECT_EQ(read(volume_.open(kBytes, key_) / "name-of-the-file"), text);
  volume_.remove();
  EXPECT_FALSE(fs::exists(folder_));
  volume_.remove();
}

// As a service's name space that was made while the volume was open.
TEST_F(VolumeImageTest, ClosesAndOpensAlthoughAnotherNameSpaceHasACopyOfItsMount) {
  const fs::path files = volume_.open(kBytes, key_);
  write(files / "file", "text");
  const Pipe ready = make_pipe(), end = make_pipe();
  const std::string file = files / "file";
  const pid_t other = fork();
  if (other == 0) {
    char byte = 0;
    const bool apart = unshare(CLONE_NEWNS) == 0 &&
                       mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
                       ::write(ready.writer.get(), "1", 1) == 1 &&
                       ::read(end.reader.get(), &byte, 1) == 1;
    _exit(apart && ::access(file.c_str(), F_OK) != 0 ? 0 : 1);
  }
  char byte = 0;
  ASSERT_EQ(::read(ready.reader.get(), &byte, 1), 1);
  volume_.close();
  EXPECT_FALSE(is_mounted(folder_ / "plain"));
  EXPECT_FALSE(fs::exists(files));
  EXPECT_EQ(read(volume_.open(kBytes, key_) / "file"), "text");
  volume_.close();
  ASSERT_EQ(::write(end.writer.get(), "1", 1), 1);
  int status = 0;
  waitpid(other, &status, 0);
  EXPECT_EQ(status, 0) << "the other could read what was locked";
  volume_.remove();
}

TEST_F(VolumeImageTest, OpensWithItsKeyOnly) {
  const fs::path files = volume_.open(kBytes, key_);
  write(files / "file", "text");
  const std::string other = random_folder_key();
  EXPECT_THAT(refusal(kBytes, other), HasSubstr("key is not the one"));
  EXPECT_EQ(read(files / "file"), "text") << "who has it open keeps it";
  volume_.close();
  EXPECT_THAT(refusal(kBytes, other), HasSubstr("key is not the one"));
  EXPECT_TRUE(closed()) << "nothing is left behind";
  EXPECT_THAT(refusal(kBytes, "short"), HasSubstr("64 bytes"));
  EXPECT_EQ(read(volume_.open(kBytes, key_) / "file"), "text");
}

TEST_F(VolumeImageTest, WithoutTheKeyNothingIsRead) {
  write(volume_.open(kBytes, key_) / "file", "text");
  volume_.close();
  const auto device =
      attach(FileDescriptor(::open((folder_ / "disk").c_str(), O_RDWR | O_CLOEXEC)));
  const fs::path place = folder_ / "plain";
  ASSERT_EQ(::mount(device.name.c_str(), place.c_str(), "ext4", 0, nullptr), 0);
  ASSERT_FALSE(fs::is_empty(place / "files"));
  EXPECT_FALSE(fs::exists(place / "files" / "file"));
  for (const auto& entry : fs::directory_iterator(place / "files")) {
    EXPECT_LT(::open(entry.path().c_str(), O_RDONLY | O_CLOEXEC), 0);
    EXPECT_EQ(errno, ENOKEY);
  }
}

TEST_F(VolumeImageTest, GrowsWhenItIsOpenedAndIsNeverLessThanItWas) {
  write(volume_.open(kBytes, key_) / "file", "text");
  volume_.open(10 * kBytes, key_);
  EXPECT_LT(size(), kBytes) << "what is open stays as it is";
  volume_.close();
  EXPECT_EQ(read(volume_.open(10 * kBytes, key_) / "file"), "text");
  EXPECT_GT(size(), 8 * kBytes);
  volume_.close();
  EXPECT_EQ(read(volume_.open(kBytes, key_) / "file"), "text");
  EXPECT_GT(size(), 8 * kBytes);
}

TEST_F(VolumeImageTest, AFullOneHarmsNothingElse) {
  const fs::path files = volume_.open(kBytes, key_);
  write(files / "before", "text");
  std::ofstream large(files / "large", std::ios::binary);
  const std::string piece(1 << 20, 'x');
  std::uint64_t put = 0;
  while (put < 2 * kBytes && large.write(piece.data(), 1 << 20).flush()) put += piece.size();
  EXPECT_LT(put, kBytes);
  EXPECT_EQ(errno, ENOSPC);
  large.close();
  volume_.close();
  const fs::path again = volume_.open(kBytes, key_);
  EXPECT_EQ(read(again / "before"), "text");
  fs::remove(again / "large");
  write(again / "after", "there is room again");
  EXPECT_EQ(read(again / "after"), "there is room again");
}

TEST_F(VolumeImageTest, WhatIsDeletedGivesItsSpaceBack) {
  const fs::path files = volume_.open(kBytes, key_);
  write(files / "large", std::string(20 << 20, 'x'));
  volume_.close();
  const std::size_t with = bytes_on_disk().size();
  fs::remove(volume_.open(kBytes, key_) / "large");
  volume_.close();
  EXPECT_LT(bytes_on_disk().size() + (16 << 20), with);
}

TEST_F(VolumeImageTest, IsNotClosedBehindWhoUsesIt) {
  const fs::path files = volume_.open(kBytes, key_);
  std::ofstream user(files / "file");
  user << "text" << std::flush;
  std::thread ends([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    user.close();
  });
  volume_.close();  // waits
  ends.join();
  EXPECT_TRUE(closed());
}

TEST_F(VolumeImageTest, DamageIsToldAndNothingIsMadeAnew) {
  write(volume_.open(kBytes, key_) / "file", "text");
  volume_.close();
  const fs::path disk = folder_ / "disk", aside = root_ / "aside";
  std::string superblock(1024, '\0');
  std::fstream image(disk, std::ios::in | std::ios::out | std::ios::binary);
  image.seekg(1024).read(superblock.data(), 1024);
  image.seekp(1024).write(std::string(1024, '\0').data(), 1024).flush();
  EXPECT_THAT(refusal(kBytes, key_), HasSubstr("is damaged"));
  image.seekp(1024).write(superblock.data(), 1024).flush();
  fs::rename(disk, aside);
  write(disk, "");
  EXPECT_THAT(refusal(kBytes, key_), HasSubstr("is damaged"));
  EXPECT_TRUE(closed());
  EXPECT_EQ(fs::file_size(disk), 0U);
  fs::rename(aside, disk);
  EXPECT_EQ(read(volume_.open(kBytes, key_) / "file"), "text");
}

TEST_F(VolumeImageTest, AFrozenOneIsThawed) {
  const fs::path files = volume_.open(kBytes, key_);
  const auto freeze = [&] {
    const FileDescriptor place(::open((folder_ / "plain").c_str(), O_RDONLY | O_CLOEXEC));
    return ::ioctl(place.get(), FIFREEZE, 0);
  };
  ASSERT_EQ(freeze(), 0);
  volume_.open(kBytes, key_);
  write(files / "file", "text");
  ASSERT_EQ(freeze(), 0);
  volume_.close();
  EXPECT_TRUE(closed());
  EXPECT_EQ(read(volume_.open(kBytes, key_) / "file"), "text");
}

// Where in its work it dies is up to the machine.
TEST_F(VolumeImageTest, AProgramThatIsKilledAtAnyStepLosesNothing) {
  std::uint64_t bytes = kBytes;
  bool made = false;
  for (int i = 0; i < 18; ++i) {
    // Made, grown, opened; and closed.
    const pid_t child = ::fork();
    if (child == 0) {
      try {
        volume_.open(bytes, key_);
        volume_.close();
      } catch (...) {
      }
      ::_exit(0);
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(i * 3 % 60));
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    const fs::path files = volume_.open(bytes, key_);
    if (made) {
      EXPECT_EQ(read(files / "file"), "text") << i;
    }
    write(files / "file", "text");
    made = true;
    volume_.close();
    ASSERT_TRUE(closed());
    if (i % 6 == 5) {
      volume_.remove();
      made = false;
      bytes = kBytes;
    }
    if (i % 6 > 1) bytes += 4 * kBytes;
  }
}

}  // namespace
}  // namespace clary::process
