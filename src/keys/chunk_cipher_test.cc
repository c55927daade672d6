#include "keys/chunk_cipher.h"

#include <gtest/gtest.h>

namespace clary::keys {
namespace {

std::string pattern(std::size_t size) {
  std::string bytes(size, '\0');
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>(i * 31 + i / 251);
  return bytes;
}

// Sizes around the edges of chunks.
const std::size_t kSizes[] = {
    0, 1, 1000, kChunkBytes - 1, kChunkBytes, kChunkBytes + 1, 3 * kChunkBytes};

TEST(ChunkCipher, WhatIsSealedOpens) {
  const auto key = random_key();
  for (const auto size : kSizes) {
    const auto sealed = seal_bytes(key, pattern(size));
    EXPECT_EQ(sealed.size(), sealed_size(size));
    EXPECT_EQ(open_bytes(key, sealed), pattern(size)) << size;
  }
}

TEST(ChunkCipher, SealedTwiceItLooksDifferent) {
  const auto key = random_key();
  EXPECT_NE(seal_bytes(key, "the same"), seal_bytes(key, "the same"));
}

TEST(ChunkCipher, TheTextDoesNotShow) {
  const std::string marker = "a marker that must not be seen";
  EXPECT_EQ(seal_bytes(random_key(), marker + marker).find("marker"), std::string::npos);
}

TEST(ChunkCipher, AnotherKeyDoesNotOpen) {
  EXPECT_FALSE(open_bytes(random_key(), seal_bytes(random_key(), "secret")));
}

TEST(ChunkCipher, AnyBitThatChangesIsSeen) {
  const auto key = random_key();
  const auto sealed = seal_bytes(key, pattern(100));
  for (std::size_t at = 0; at < sealed.size(); ++at) {
    auto changed = sealed;
    changed[at] = static_cast<char>(changed[at] ^ 0x10);
    EXPECT_FALSE(open_bytes(key, changed)) << at;
  }
}

TEST(ChunkCipher, ACutFileIsSeen) {
  const auto key = random_key();
  const auto sealed = seal_bytes(key, pattern(3 * kChunkBytes));
  for (const std::size_t left :
       {std::size_t{0}, kHeaderBytes, kHeaderBytes + kTagBytes, kHeaderBytes + kSealedChunkBytes,
        kHeaderBytes + 2 * kSealedChunkBytes, sealed.size() - 1}) {
    EXPECT_FALSE(open_bytes(key, sealed.substr(0, left))) << left;
  }
  EXPECT_FALSE(open_bytes(key, sealed + std::string(kTagBytes, 'x')));
}

TEST(ChunkCipher, ChunksThatChangePlacesAreSeen) {
  const auto key = random_key();
  const auto sealed = seal_bytes(key, pattern(3 * kChunkBytes));
  const auto chunk = [&](std::size_t i) {
    return sealed.substr(kHeaderBytes + i * kSealedChunkBytes, kSealedChunkBytes);
  };
  EXPECT_TRUE(open_bytes(key, sealed.substr(0, kHeaderBytes) + chunk(0) + chunk(1) + chunk(2)));
  EXPECT_FALSE(open_bytes(key, sealed.substr(0, kHeaderBytes) + chunk(1) + chunk(0) + chunk(2)));
  EXPECT_FALSE(open_bytes(key, sealed.substr(0, kHeaderBytes) + chunk(0) + chunk(2)));
}

TEST(ChunkCipher, ChunksOfAnotherFileOfTheSameKeyAreSeen) {
  const auto key = random_key();
  const auto one = seal_bytes(key, pattern(500)), other = seal_bytes(key, pattern(500));
  EXPECT_FALSE(open_bytes(key, one.substr(0, kHeaderBytes) + other.substr(kHeaderBytes)));
}

TEST(ChunkCipher, OneChunkOpensAloneAndInPlace) {
  const auto key = random_key();
  const auto plain = pattern(5 * kChunkBytes / 2);
  auto sealed = seal_bytes(key, plain);
  auto bytes = std::as_writable_bytes(std::span(sealed));
  auto opener = ChunkOpener::make(key, std::span(bytes).first<kHeaderBytes>());
  ASSERT_TRUE(opener);
  auto chunk = bytes.subspan(kHeaderBytes + kSealedChunkBytes, kSealedChunkBytes);
  ASSERT_TRUE(opener->open(1, Position::kBefore, chunk, chunk.data()));
  EXPECT_EQ(std::memcmp(chunk.data(), plain.data() + kChunkBytes, kChunkBytes), 0);
  auto last = bytes.subspan(kHeaderBytes + 2 * kSealedChunkBytes);
  std::string copy(last.size(), '\0');
  auto* out = reinterpret_cast<std::byte*>(copy.data());
  EXPECT_FALSE(opener->open(2, Position::kBefore, last, out));
  EXPECT_TRUE(opener->open(2, Position::kLast, last, out));
  const auto apart = last.first(last.size() - kTagBytes);
  ASSERT_TRUE(opener->open(2, Position::kLast, apart, last.last<kTagBytes>()));
  EXPECT_EQ(std::memcmp(apart.data(), plain.data() + 2 * kChunkBytes, apart.size()), 0);
  // In place: what stands there now is not what was sealed.
  EXPECT_FALSE(opener->open(2, Position::kLast, apart, last.last<kTagBytes>()));
}

}  // namespace
}  // namespace clary::keys
