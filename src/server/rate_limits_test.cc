#include "server/rate_limits.h"

#include <gtest/gtest.h>

#include <string>

namespace clary::server {
namespace {

using namespace std::chrono_literals;
using Time = std::chrono::steady_clock::time_point;

int taken(RateLimits& limits, std::string_view who, std::string_view service, Time now, int tries) {
  int count = 0;
  for (int i = 0; i < tries; ++i) count += limits.take(who, service, now) ? 1 : 0;
  return count;
}

TEST(RateLimits, GiveABurstAndThenTheRate) {
  RateLimits limits({.control = {.per_second = 10, .burst = 25}, .data = {}});
  const Time start = Time{} + 1h;
  EXPECT_EQ(taken(limits, "AIDA1", "sagemaker", start, 100), 25);
  EXPECT_EQ(taken(limits, "AIDA1", "sagemaker", start + 1s, 100), 10);
  EXPECT_EQ(taken(limits, "AIDA1", "sagemaker", start + 1h, 100), 25);
}

TEST(RateLimits, KeepPrincipalsAndServicesApart) {
  RateLimits limits({.control = {.per_second = 1, .burst = 5}, .data = {}});
  const Time start = Time{} + 1h;
  EXPECT_EQ(taken(limits, "AIDA1", "sagemaker", start, 100), 5);
  EXPECT_EQ(taken(limits, "AIDA1", "iam", start, 100), 5);
  EXPECT_EQ(taken(limits, "AIDA2", "sagemaker", start, 100), 5);
  EXPECT_EQ(taken(limits, "AIDA1", "s3", start, 100), 100);  // no limit set
}

TEST(RateLimits, StayBoundedWithEndlessPrincipals) {
  RateLimits limits({.control = {}, .data = {.per_second = 1, .burst = 1}});
  const Time start = Time{} + 1h;
  for (std::size_t i = 0; i < 3 * RateLimits::kMaxBuckets; ++i) {
    ASSERT_TRUE(limits.take("AIDA" + std::to_string(i), "s3", start));
  }
  EXPECT_TRUE(limits.take("AIDA-last", "s3", start));
  EXPECT_FALSE(limits.take("AIDA-last", "s3", start));
}

}  // namespace
}  // namespace clary::server
