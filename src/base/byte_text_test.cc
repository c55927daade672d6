#include "base/byte_text.h"

#include <gtest/gtest.h>

namespace clary {
namespace {

TEST(ByteText, IsShort) {
  EXPECT_EQ(bytes_text(512), "512 B");
  EXPECT_EQ(bytes_text(1500), "1.5 KB");
  EXPECT_EQ(bytes_text(999'999), "1.0 MB");
  EXPECT_EQ(bytes_text(3'400'000'000), "3.4 GB");
  EXPECT_EQ(bytes_of_text(1'200'000'000, 3'400'000'000), "1.2 of 3.4 GB");
  EXPECT_EQ(bytes_of_text(1'000, 3'400'000'000), "0.0 of 3.4 GB");
  EXPECT_EQ(bytes_of_text(5, 70), "5 of 70 B");
}

}  // namespace
}  // namespace clary
