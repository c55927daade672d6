#include "base/text.h"

#include <gtest/gtest.h>

namespace clary {
namespace {

TEST(Base64, RoundTripsAndRefusesWhatIsNotCanonical) {
  for (const std::string_view text : {"", "f", "fo", "foo", "foob", "fooba", "foobar"}) {
    EXPECT_EQ(unbase64(base64(text)), std::string(text));
  }
  EXPECT_EQ(base64("fooba"), "Zm9vYmE=");
  EXPECT_FALSE(unbase64("Zm9vYmF=").has_value());
  EXPECT_FALSE(unbase64("Zg=").has_value());
  EXPECT_FALSE(unbase64("Z===").has_value());
  EXPECT_FALSE(unbase64("Zg==Zg==").has_value());
  EXPECT_FALSE(unbase64("Zm 9").has_value());
}

TEST(Hex, RoundTrips) {
  EXPECT_EQ(hex(as_bytes("\x01\xab")), "01ab");
  EXPECT_EQ(unhex("01AB"), unhex("01ab"));
  EXPECT_FALSE(unhex("0").has_value());
  EXPECT_FALSE(unhex("0g").has_value());
}

TEST(Uri, EncodesAsAwsDoes) {
  EXPECT_EQ(uri_encode("a b/c~\xc3\xa9"), "a%20b%2Fc~%C3%A9");
  EXPECT_EQ(uri_encode("a/b", Slash::kKeep), "a/b");
  EXPECT_EQ(uri_decode("a%20b+c"), "a b+c");
  EXPECT_EQ(uri_decode("a+b", Plus::kSpace), "a b");
  EXPECT_FALSE(uri_decode("%4").has_value());
  EXPECT_FALSE(uri_decode("%zz").has_value());
}

TEST(Text, ComparesAndTrims) {
  EXPECT_TRUE(equals_ignore_case("Content-Type", "content-type"));
  EXPECT_EQ(trim(" \ta b\r\n"), "a b");
  EXPECT_TRUE(equals_constant_time("ab", "ab"));
  EXPECT_FALSE(equals_constant_time("ab", "abc"));
}

}  // namespace
}  // namespace clary
