#include "server/invocation_metrics.h"

#include <gtest/gtest.h>

#include <map>
#include <thread>

namespace clary::server {
namespace {

using std::chrono::microseconds;

struct Collected {
  std::map<std::string, store::MetricPoint> points;
  std::map<std::string, store::MetricId> ids;
  InvocationMetrics::Sink sink() {
    return [this](store::MetricId id, std::vector<store::MetricPoint> batch) {
      ids[id.name] = id;
      for (const auto& point : batch) {
        auto [place, fresh] = points.try_emplace(id.name);
        auto& total = place->second;
        if (fresh) total.count = 0;
        total.sum += point.sum;
        total.count += point.count;
        total.maximum = std::max(total.maximum, point.maximum);
        total.unit = point.unit;
        total.time = point.time;
      }
    };
  }
};

Invocation sample(unsigned status) {
  return {.account = "1",
          .region = "r",
          .endpoint = "e",
          .variant = "v",
          .instances = 2,
          .status = status,
          .model_error = status != 200,
          .model_latency = microseconds(100),
          .overhead_latency = microseconds(20)};
}

TEST(InvocationMetrics, SumsByVariantAndMinute) {
  ManualClock clock{Timestamp(std::chrono::milliseconds(61'500))};
  Collected collected;
  InvocationMetrics metrics(clock, collected.sink());
  metrics.record(sample(200));
  metrics.record(sample(424));
  metrics.flush();
  EXPECT_EQ(collected.points["Invocations"].sum, 2);
  EXPECT_EQ(collected.points["InvocationsPerInstance"].sum, 1);
  EXPECT_EQ(collected.points["Invocation4XXErrors"].sum, 1);
  EXPECT_EQ(collected.points["Invocation4XXErrors"].count, 2);
  EXPECT_EQ(collected.points["Invocation5XXErrors"].sum, 0);
  EXPECT_EQ(collected.points["InvocationModelErrors"].sum, 1);
  EXPECT_EQ(collected.points["ModelLatency"].sum, 200);
  EXPECT_EQ(collected.points["ModelLatency"].unit, "Microseconds");
  EXPECT_EQ(collected.points["OverheadLatency"].maximum, 20);
  EXPECT_EQ(collected.points["Invocations"].time, Timestamp(std::chrono::minutes(1)));
  EXPECT_EQ(collected.ids["Invocations"].dimensions.at("EndpointName"), "e");
  EXPECT_EQ(collected.ids["Invocations"].dimensions.at("VariantName"), "v");
}

TEST(InvocationMetrics, LatenciesAreFewValuesWithCounts) {
  ManualClock clock{Timestamp{}};
  std::vector<store::MetricPoint> points;
  InvocationMetrics metrics(clock, [&](const store::MetricId& id, const auto& batch) {
    if (id.name == "ModelLatency") points = batch;
  });
  double sum = 0;
  for (int i = 1; i <= 10'000; ++i) {
    Invocation one = sample(200);
    one.model_latency = microseconds(i);
    metrics.record(one);
    sum += i;
  }
  metrics.flush();
  ASSERT_LE(points.size(), 24U);
  double count = 0, total = 0, median = 0;
  for (const auto& point : points) {
    EXPECT_EQ(point.minimum, point.maximum);  // a value with a weight, not a statistic set
    if (count < 5'000) median = point.minimum;
    count += point.count;
    total += point.sum;
  }
  EXPECT_EQ(count, 10'000);
  EXPECT_NEAR(total, sum, 1e-3);
  EXPECT_NEAR(median, 5'000, 2'000);
}

TEST(InvocationMetrics, LatenciesNearEachOtherKeepTheirSize) {
  ManualClock clock{Timestamp{}};
  std::vector<store::MetricPoint> points;
  InvocationMetrics metrics(clock, [&](const store::MetricId& id, const auto& batch) {
    if (id.name == "ModelLatency") points = batch;
  });
  for (int i = 0; i < 100; ++i) {
    Invocation one = sample(200);
    one.model_latency = microseconds(i < 99 ? 1'000 : 50'000);
    metrics.record(one);
  }
  metrics.flush();
  ASSERT_EQ(points.size(), 2U);
  EXPECT_EQ(points[0].minimum, 1'000);
  EXPECT_EQ(points[0].count, 99);
  EXPECT_EQ(points[1].minimum, 50'000);
}

TEST(InvocationMetrics, HandsOnOnceAndOnStop) {
  ManualClock clock{Timestamp{}};
  Collected collected;
  InvocationMetrics metrics(clock, collected.sink());
  metrics.start(std::chrono::hours(1));
  std::thread other([&] { metrics.record(sample(200)); });
  metrics.record(sample(200));
  other.join();
  metrics.stop();
  EXPECT_EQ(collected.points["Invocations"].sum, 2);
  metrics.flush();
  EXPECT_EQ(collected.points["Invocations"].sum, 2);
}

}  // namespace
}  // namespace clary::server
