#include "store/metric_points.h"

#include <gtest/gtest.h>

#include "store/test_folder.h"

namespace clary::store {
namespace {

using std::chrono::days;
using std::chrono::minutes;
using std::chrono::seconds;

const Timestamp kStart = Timestamp(seconds(1800000000));

class MetricPointsTest : public testing::Test {
 protected:
  static MetricPoint sample(Timestamp time, double value, double count = 1) {
    return {.time = time, .sum = value * count, .minimum = value, .maximum = value, .count = count};
  }
  std::vector<MetricBucket> all(std::chrono::seconds period,
                                MetricPoints::KeepValues keep = MetricPoints::KeepValues::kNo) {
    return points_.buckets(metric_, kStart - days(500), clock_.now() + days(1), period, keep);
  }

  TestFolder folder_;
  ManualClock clock_{kStart};
  Database database_{folder_ / "a.db", {MetricPoints::migrations()}};
  MetricPoints points_{database_, clock_};
  const MetricId metric_{.account = "1",
                         .region = "r",
                         .metric_namespace = "AWS/SageMaker",
                         .name = "Invocations",
                         .dimensions = {{"EndpointName", "e"}, {"VariantName", "v"}}};
};

TEST_F(MetricPointsTest, PointsAreSummedIntoBuckets) {
  points_.append(metric_, std::vector{sample(kStart, 1), sample(kStart + seconds(59), 5),
                                      sample(kStart + seconds(60), 2, 3)});
  MetricPoint set{.time = kStart + seconds(61), .sum = 10, .minimum = 1, .maximum = 9, .count = 2};
  points_.append_later(metric_, {set});
  MetricPoint milliseconds = sample(kStart, 7);
  milliseconds.unit = "Milliseconds";
  points_.append(metric_, std::vector{milliseconds});
  const auto buckets = all(minutes(1), MetricPoints::KeepValues::kYes);
  ASSERT_EQ(buckets.size(), 3U);
  EXPECT_EQ(buckets[0].unit, "Milliseconds");
  EXPECT_EQ(buckets[1].start, kStart);
  EXPECT_EQ(buckets[1].sum, 6);
  EXPECT_EQ(buckets[1].minimum, 1);
  EXPECT_EQ(buckets[1].maximum, 5);
  EXPECT_EQ(buckets[1].count, 2);
  EXPECT_EQ(buckets[1].values.size(), 2U);
  EXPECT_EQ(buckets[2].sum, 16);
  EXPECT_EQ(buckets[2].count, 5);
  EXPECT_EQ(buckets[2].values, (std::vector<std::pair<double, double>>{{2, 3}}));
  EXPECT_EQ(all(minutes(1)).size(), 3U);
  EXPECT_EQ(points_
                .buckets(metric_, kStart + seconds(60), kStart + seconds(61), seconds(1),
                         MetricPoints::KeepValues::kNo)
                .size(),
            1U);
}

TEST_F(MetricPointsTest, ListMatchesDimensions) {
  points_.append(metric_, std::vector{sample(kStart, 1)});
  MetricId other = metric_;
  other.name = "Latency";
  other.dimensions = {};
  points_.append(other, std::vector{sample(kStart, 1)});
  EXPECT_EQ(points_.list("1", "r", "", "", {}, 0, 10).size(), 2U);
  EXPECT_EQ(points_.list("1", "r", "", "", {}, 1, 10).size(), 1U);
  EXPECT_EQ(points_.list("1", "r", "AWS/SageMaker", "Latency", {}, 0, 10).size(), 1U);
  EXPECT_EQ(points_.list("1", "r", "", "", {{"EndpointName", "e"}}, 0, 10).size(), 1U);
  EXPECT_EQ(points_.list("1", "r", "", "", {{"EndpointName", std::nullopt}}, 0, 10)[0], metric_);
  EXPECT_TRUE(points_.list("1", "r", "", "", {{"EndpointName", "f"}}, 0, 10).empty());
  EXPECT_TRUE(points_.list("2", "r", "", "", {}, 0, 10).empty());
  clock_.advance(days(15));
  EXPECT_TRUE(points_.list("1", "r", "", "", {}, 0, 10).empty());
}

TEST_F(MetricPointsTest, OldPointsAreSummedUpAndThenRemoved) {
  std::vector<MetricPoint> points;
  for (int i = 0; i < 120; ++i) points.push_back(sample(kStart + minutes(i), i));
  points_.append(metric_, points);
  const auto next_day = [&](int count) {
    clock_.advance(days(count));
    // The metric itself and, when it waited for a day, it again: one append each.
    for (int i = 0; i < 2; ++i) points_.append(metric_, std::vector{sample(clock_.now(), 0)});
  };
  EXPECT_EQ(all(minutes(1)).size(), 120U);
  const auto totals = [&] {
    const auto hours = points_.buckets(metric_, kStart, kStart + minutes(120), minutes(60),
                                       MetricPoints::KeepValues::kYes);
    double sum = 0, count = 0, maximum = 0;
    for (const MetricBucket& bucket : hours) {
      sum += bucket.sum;
      count += bucket.count;
      maximum = std::max(maximum, bucket.maximum);
    }
    return std::tuple(sum, count, maximum);
  };
  const auto rows = [&](std::chrono::seconds period) {
    return points_
        .buckets(metric_, kStart, kStart + minutes(120), period, MetricPoints::KeepValues::kNo)
        .size();
  };
  const auto whole = std::tuple(7140.0, 120.0, 119.0);
  EXPECT_EQ(totals(), whole);
  next_day(16);
  EXPECT_EQ(rows(minutes(1)), 24U);
  EXPECT_EQ(totals(), whole);
  next_day(16);
  EXPECT_EQ(rows(minutes(1)), 24U);
  EXPECT_EQ(totals(), whole);
  next_day(40);
  EXPECT_EQ(rows(minutes(1)), 2U);
  EXPECT_EQ(totals(), whole);
  next_day(400);
  EXPECT_EQ(rows(minutes(60)), 0U);
}

}  // namespace
}  // namespace clary::store
