#include "api/s3/range.h"

#include <gtest/gtest.h>

#include "api/s3/copy_source.h"

namespace clary::api::s3 {
namespace {

TEST(RangeTest, ReadsOneRange) {
  EXPECT_EQ(parse_range("bytes=0-9", 100)->value(), (ByteRange{0, 10}));
  EXPECT_EQ(parse_range("bytes=90-200", 100)->value(), (ByteRange{90, 10}));
  EXPECT_EQ(parse_range("bytes=5-", 100)->value(), (ByteRange{5, 95}));
  EXPECT_EQ(parse_range("bytes=-5", 100)->value(), (ByteRange{95, 5}));
  EXPECT_EQ(parse_range("bytes=-500", 100)->value(), (ByteRange{0, 100}));
  EXPECT_EQ(parse_range("bytes=0-99999999999999999999999", 100)->value(), (ByteRange{0, 100}));
  EXPECT_FALSE(parse_range("bytes=100-", 100));
  EXPECT_FALSE(parse_range("bytes=99999999999999999999999-", 100));
  EXPECT_FALSE(parse_range("bytes=0-0", 0));
  EXPECT_FALSE(parse_range("bytes=-1", 0));
  for (const auto* text : {"", "bytes", "bytes=", "bytes=-", "bytes=a-b", "bytes=1-2,4-5",
                           "bytes=2-1", "bytes=+1-2", "bytes=1-2-3", "items=0-1", "bytes=--1"}) {
    const auto range = parse_range(text, 100);
    EXPECT_TRUE(range && !*range) << text;
  }
}

// Whatever the header says, a range lies within the object.
TEST(RangeTest, StaysInsideForAnyText) {
  std::uint64_t state = 1;
  const std::string_view alphabet = "bytes=-0123456789, ";
  for (int i = 0; i < 200'000; ++i) {
    std::string text = i % 4 == 0 ? "" : "bytes=";
    for (int j = 0; j < 8; ++j) {
      state = state * 6364136223846793005ULL + 1442695040888963407ULL;
      text += alphabet[(state >> 33) % alphabet.size()];
    }
    const std::uint64_t size = (state >> 40) % 2000;
    const auto range = parse_range(text, size);
    if (range && *range) {
      EXPECT_GT((*range)->length, 0U) << text;
      EXPECT_LE((*range)->offset + (*range)->length, size) << text;
    }
    const auto copy = parse_copy_range(text);
    if (copy) {
      EXPECT_GT(copy->length, 0U) << text;
    }
    parse_copy_source(text);
  }
}

TEST(CopySourceTest, ReadsBucketAndKey) {
  const auto source = parse_copy_source("/b/a%20b/c%3FversionId=x?versionId=v");
  ASSERT_TRUE(source);
  EXPECT_EQ(source->bucket.str(), "b");
  EXPECT_EQ(source->key.str(), "a b/c?versionId=x");
  EXPECT_EQ(source->version_id, "v");
  EXPECT_EQ(parse_copy_source("b/k+1")->key.str(), "k+1");
  for (const auto* text : {"", "/", "b", "b/", "//k", "/b", "b/%zz"}) {
    EXPECT_FALSE(parse_copy_source(text)) << text;
  }
}

}  // namespace
}  // namespace clary::api::s3
