#include "keys/sealed_file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <string>

#include "base/errors.h"
#include "base/file_io.h"

namespace clary::keys {
namespace {

std::string pattern(std::size_t size) {
  std::string bytes(size, '\0');
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>(i * 31 + i / 251);
  return bytes;
}

// On a disk's file system, not in memory: tmpfs cannot tell whether a read would wait.
class SealedFileTest : public ::testing::Test {
 protected:
  SealedFileTest() {
    std::string name = (std::filesystem::temp_directory_path() / "sealed-XXXXXX").string();
    file_ = ::mkstemp(name.data());
    ::unlink(name.c_str());
    SealedFileWriter writer(key_, [this](std::span<const std::byte> sealed) {
      write_at(file_, written_, sealed);
      written_ += sealed.size();
    });
    writer.write(std::as_bytes(std::span(bytes_)));
    writer.finish();
  }
  ~SealedFileTest() override { ::close(file_); }

  bool can_tell() const {
    char byte = 0;
    const std::array<iovec, 1> piece{iovec{&byte, 1}};
    return read_cached(file_, 0, piece);
  }

  const SecretKey key_ = random_key();
  const std::string bytes_ = pattern(11 * kChunkBytes / 2);
  int file_ = -1;
  std::uint64_t written_ = 0;
};

TEST_F(SealedFileTest, WhatTheKernelHasIsReadWithoutWaiting) {
  if (!can_tell()) GTEST_SKIP() << "this file system cannot tell";
  SealedFileReader reader(key_, file_, bytes_.size());
  for (const std::size_t offset : {0UL, 1UL, kChunkBytes, 150'000UL, bytes_.size() - 7}) {
    for (const std::size_t length : {1UL, kChunkBytes, 2 * kChunkBytes + 5, bytes_.size()}) {
      std::string read(std::min(length, bytes_.size() - offset), '\0');
      // Written a moment ago, it is in the page cache.
      EXPECT_TRUE(reader.read_cached(offset, read.data(), read.size()));
      EXPECT_EQ(read, bytes_.substr(offset, length)) << offset << " " << length;
      read.assign(read.size(), '\0');
      reader.read(offset, read.data(), read.size());
      EXPECT_EQ(read, bytes_.substr(offset, length)) << offset << " " << length;
    }
  }
}

TEST_F(SealedFileTest, DamageIsSeenEitherWay) {
  SealedFileReader reader(key_, file_, bytes_.size());
  std::string read(bytes_.size(), '\0');
  const std::byte other{static_cast<unsigned char>(bytes_[0])};
  write_at(file_, kHeaderBytes + 100'000, {&other, 1});
  EXPECT_THROW(reader.read(0, read.data(), read.size()), StorageError);
  if (can_tell()) {
    EXPECT_THROW(static_cast<void>(reader.read_cached(0, read.data(), read.size())), StorageError);
  }
  ASSERT_EQ(::ftruncate(file_, kHeaderBytes + 1000), 0);
  EXPECT_THROW(reader.read(0, read.data(), read.size()), StorageError);
  EXPECT_FALSE(reader.read_cached(0, read.data(), read.size())) << "read() says what is wrong";
}

}  // namespace
}  // namespace clary::keys
