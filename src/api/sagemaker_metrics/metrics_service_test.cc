#include "api/sagemaker_metrics/metrics_service.h"

#include <gtest/gtest.h>

#include "api/test_caller.h"
#include "store/test_folder.h"

namespace clary::api {
namespace {

class SageMakerMetricsTest : public testing::Test {
 protected:
  SageMakerMetricsTest() {
    std::vector<store::MetricPoint> points;
    for (const double value : {0.5, 0.25, 0.125}) {
      points.push_back({.time = clock_.now(), .sum = value, .minimum = value, .maximum = value});
    }
    points_.append({.account = "000000000000",
                    .region = "us-west-2",
                    .metric_namespace = "/aws/sagemaker/TrainingJobs",
                    .name = "train:error",
                    .dimensions = {{"TrainingJobName", "j"}}},
                   points);
  }
  json::object ask(json::object more, std::string_view job = "training-job/j") {
    json::object query{
        {"MetricName", "train:error"},
        {"ResourceArn", "arn:aws:sagemaker:us-west-2:000000000000:" + std::string(job)},
        {"MetricStat", "Avg"},
        {"Period", "IterationNumber"},
        {"XAxisType", "IterationNumber"}};
    for (const auto& [name, value] : more) query[name] = value;
    return caller_.call("BatchGetMetrics", {{"MetricQueries", json::array{query}}})
        .at("MetricQueryResults")
        .at(0)
        .as_object();
  }

  store::TestFolder folder_;
  ManualClock clock_{Timestamp(std::chrono::seconds(1800000000))};
  store::Database database_{folder_ / "a.db", {store::MetricPoints::migrations()}};
  store::MetricPoints points_{database_, clock_};
  SageMakerMetricsService service_{points_};
  TestCaller caller_{service_, clock_};
};

TEST_F(SageMakerMetricsTest, EveryValueIsAnIteration) {
  const json::object all = ask({});
  EXPECT_EQ(all.at("Status"), "Complete");
  EXPECT_EQ(json::serialize(all.at("XAxisValues")), "[0,1,2]");
  EXPECT_EQ(all.at("MetricValues").at(2).as_double(), 0.125);
  EXPECT_EQ(json::serialize(ask({{"Start", 1}, {"End", 1}}).at("XAxisValues")), "[1]");
  EXPECT_EQ(json::serialize(ask({{"Start", 7}}).at("XAxisValues")), "[]");
  EXPECT_EQ(json::serialize(ask({{"Start", 2}, {"End", 1}}).at("XAxisValues")), "[]");
  EXPECT_EQ(ask({{"MetricName", "none"}}).at("Status"), "Complete");
}

TEST_F(SageMakerMetricsTest, WhatIsNotAnsweredSaysSo) {
  EXPECT_EQ(ask({{"Period", "OneMinute"}}).at("Status"), "ValidationError");
  EXPECT_EQ(ask({{"XAxisType", "Timestamp"}}).at("Status"), "ValidationError");
  EXPECT_EQ(ask({{"MetricStat", "StdDev"}}).at("Status"), "ValidationError");
  EXPECT_EQ(ask({}, "experiment-trial-component/c").at("Status"), "ValidationError");
}

}  // namespace
}  // namespace clary::api
