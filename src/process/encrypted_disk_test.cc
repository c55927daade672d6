#include "process/encrypted_disk.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <unistd.h>

#include <fstream>
#include <iterator>

#include "base/random.h"

namespace clary::process {
namespace {

namespace fs = std::filesystem;

class EncryptedDiskTest : public testing::Test {
 protected:
  void SetUp() override {
    if (const auto why = why_no_encrypted_folders()) GTEST_SKIP() << *why;
    fs::create_directories(folder_);
  }
  ~EncryptedDiskTest() override {
    EncryptedDisk::close(folder_);
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
  }
  static std::string read(const fs::path& file) {
    std::ifstream in(file, std::ios::binary);
    return std::string{std::istreambuf_iterator<char>(in), {}};
  }
  // How often the text stands in what the disk's file has.
  std::size_t count_on_disk(std::string_view text) const {
    ::sync();
    const FileDescriptor file(::open((folder_ / "disk").c_str(), O_RDONLY | O_CLOEXEC));
    std::size_t count = 0;
    // The file is sparse, and as large as the machine's disk.
    for (off_t begin = 0, end = 0; (begin = lseek(file.get(), end, SEEK_DATA)) >= 0;) {
      end = lseek(file.get(), begin, SEEK_HOLE);
      std::string data(static_cast<std::size_t>(end - begin), '\0');
      EXPECT_EQ(pread(file.get(), data.data(), data.size(), begin), end - begin);
      for (auto at = data.find(text); at != std::string::npos; at = data.find(text, at + 1)) {
        ++count;
      }
    }
    return count;
  }
  static void write(const fs::path& file, const std::string& line) {
    std::ofstream out(file);
    for (int i = 0; i < 5000; ++i) out << line << '\n';
  }
  const fs::path folder_ = fs::temp_directory_path() / ("clary-volume-" + random_hex(8));
};

TEST_F(EncryptedDiskTest, WhatIsWrittenToAFolderIsOnDiskEncrypted) {
  const EncryptedDisk disk(folder_);
  const fs::path open = disk.place() / "open", sealed = disk.place() / "sealed";
  fs::create_directory(open);
  fs::create_directory(sealed);
  EXPECT_FALSE(is_encrypted(sealed));
  encrypt_folder(sealed, random_folder_key());
  EXPECT_TRUE(is_encrypted(sealed));
  write(open / "name-of-the-open-file", "a line for everybody");
  write(sealed / "name-of-the-sealed-file", "a line for nobody else");
  EXPECT_EQ(read(sealed / "name-of-the-sealed-file").substr(0, 22), "a line for nobody else");
  EXPECT_GT(count_on_disk("a line for everybody"), 0U) << "this test can tell";
  EXPECT_GT(count_on_disk("name-of-the-open-file"), 0U);
  EXPECT_EQ(count_on_disk("a line for nobody else"), 0U);
  EXPECT_EQ(count_on_disk("name-of-the-sealed-file"), 0U);
  remove_encrypted(sealed);
  EXPECT_FALSE(fs::exists(sealed));
  EXPECT_THROW(encrypt_folder(sealed, random_folder_key()), std::exception);
}

TEST_F(EncryptedDiskTest, IsTakenOverByTheNextProgramAndEndsWhenClosed) {
  fs::path place;
  {
    const EncryptedDisk disk(folder_);
    place = disk.place();
    fs::create_directory(place / "run");
    encrypt_folder(place / "run", random_folder_key());
    std::ofstream(place / "run" / "file") << "text";
  }
  const EncryptedDisk again(folder_);
  EXPECT_EQ(read(place / "run" / "file"), "text");
  EncryptedDisk::close(folder_);
  EXPECT_FALSE(again.mounted());
  EXPECT_FALSE(fs::exists(folder_ / "disk"));
  EXPECT_FALSE(is_encrypted(place / "run"));
}

TEST_F(EncryptedDiskTest, AFolderThatHoldsSomethingOrAShortKeyIsRefused) {
  const EncryptedDisk disk(folder_);
  fs::create_directories(disk.place() / "run" / "something");
  EXPECT_THROW(encrypt_folder(disk.place() / "run", random_folder_key()), std::exception);
  fs::remove(disk.place() / "run" / "something");
  EXPECT_THROW(encrypt_folder(disk.place() / "run", "short"), std::exception);
  EXPECT_FALSE(is_encrypted(disk.place() / "run"));
}

TEST_F(EncryptedDiskTest, WhatCannotBeWrittenIsTold) {
  // A disk in a file system that is smaller than what is written to it.
  const fs::path small = folder_ / "small";
  fs::create_directories(small);
  ASSERT_EQ(::mount("none", small.c_str(), "tmpfs", 0, "size=24m"), 0);
  {
    const EncryptedDisk disk(small);
    const fs::path run = disk.place() / "run";
    fs::create_directory(run);
    encrypt_folder(run, random_folder_key());
    WriteErrors errors(run);
    std::ofstream(run / "fits") << std::string(1 << 20, 'x');
    EXPECT_TRUE(errors.none());
    const std::string large(40 << 20, 'x');
    std::ofstream(run / "does-not") << large;
    // Read first: what goes out meanwhile is told afterwards.
    const bool whole = read(run / "does-not") == large;
    EXPECT_TRUE(whole || !errors.none());
    ::sync();
    EXPECT_FALSE(errors.none());
    EXPECT_FALSE(errors.none()) << "asked again";
    EncryptedDisk::close(small);
  }
  ::umount2(small.c_str(), MNT_DETACH);
}

}  // namespace
}  // namespace clary::process
