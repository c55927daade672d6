#include "server/capacity_metrics.h"

#include <gtest/gtest.h>

#include <map>

namespace clary::server {
namespace {

class CapacityMetricsTest : public testing::Test {
 protected:
  engine::Runs::Load load_{.queued = 1, .running = 2, .cpus_used = 1.5, .cpus = 2};
  ManualClock clock_{Timestamp(std::chrono::seconds(1800000000))};
  std::multimap<std::string, double> points_;
  CapacityMetrics metrics_{clock_, "000000000000", "us-east-1", [this] { return load_; },
                           [this](store::MetricId id, std::vector<store::MetricPoint> points) {
                             EXPECT_EQ(id.metric_namespace, "Clary/Capacity");
                             EXPECT_EQ(id.account, "000000000000");
                             for (const auto& point : points) points_.emplace(id.name, point.sum);
                           }};
};

TEST_F(CapacityMetricsTest, WhatIsCountedIsToldWhenItChangesAndEachMinute) {
  metrics_.sample();
  EXPECT_EQ(points_.find("CPUsInUse")->second, 1.5);
  EXPECT_EQ(points_.find("JobsQueued")->second, 1);
  EXPECT_EQ(points_.count("Memory"), 0U) << "no limit, so nothing is counted";
  clock_.advance(std::chrono::seconds(5));
  metrics_.sample();
  EXPECT_EQ(points_.count("JobsRunning"), 1U);
  load_.running = 3;
  metrics_.sample();
  EXPECT_EQ(points_.count("JobsRunning"), 2U);
  clock_.advance(std::chrono::minutes(1));
  metrics_.sample();
  EXPECT_EQ(points_.count("JobsRunning"), 3U);
}

TEST_F(CapacityMetricsTest, StopsWithItsThread) {
  metrics_.start(std::chrono::hours(1));
  metrics_.stop();
  EXPECT_EQ(points_.count("JobsRunning"), 1U) << "the first look is taken at once";
  metrics_.stop();
}

}  // namespace
}  // namespace clary::server
