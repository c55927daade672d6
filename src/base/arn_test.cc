#include "base/arn.h"

#include <gtest/gtest.h>

namespace clary {
namespace {

TEST(Arn, RoundTrips) {
  const auto parts = parse_arn("arn:aws:iam::000000000000:role/service-role/X:y");
  ASSERT_TRUE(parts.has_value());
  EXPECT_EQ(parts->service, "iam");
  EXPECT_EQ(parts->region, "");
  EXPECT_EQ(parts->account, "000000000000");
  EXPECT_EQ(parts->resource, "role/service-role/X:y");
  EXPECT_EQ(make_arn(*parts).str(), "arn:aws:iam::000000000000:role/service-role/X:y");
}

TEST(Arn, RefusesWhatIsNone) {
  EXPECT_FALSE(parse_arn("").has_value());
  EXPECT_FALSE(parse_arn("arn:aws:iam::1").has_value());
  EXPECT_FALSE(parse_arn("urn:aws:iam::1:x").has_value());
  EXPECT_FALSE(parse_arn("arn:aws:iam::1:").has_value());
}

}  // namespace
}  // namespace clary
