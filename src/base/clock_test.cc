#include "base/clock.h"

#include <gtest/gtest.h>

namespace clary {
namespace {

constexpr Timestamp kTime{std::chrono::milliseconds(1795379320123)};  // 2026-11-22 20:28:40.123 UTC

TEST(Clock, FormatsAsTheProtocolsDo) {
  EXPECT_EQ(iso8601(kTime), "2026-11-22T20:28:40Z");
  EXPECT_EQ(iso8601_ms(kTime), "2026-11-22T20:28:40.123Z");
  EXPECT_EQ(iso8601_basic(kTime), "20261122T202840Z");
  EXPECT_EQ(http_date(kTime), "Sun, 22 Nov 2026 20:28:40 GMT");
}

TEST(Clock, KeepsMillisecondsThroughEpochSeconds) {
  EXPECT_EQ(from_epoch_seconds(epoch_seconds(kTime)), kTime);
}

TEST(Clock, ManualClockMovesOnlyWhenAdvanced) {
  ManualClock clock(kTime);
  const auto steady = clock.steady_now();
  EXPECT_EQ(clock.now(), kTime);
  clock.advance(std::chrono::seconds(2));
  EXPECT_EQ(clock.now(), kTime + std::chrono::seconds(2));
  EXPECT_EQ(clock.steady_now() - steady, std::chrono::seconds(2));
}

}  // namespace
}  // namespace clary
