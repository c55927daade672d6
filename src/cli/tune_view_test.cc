#include "cli/tune_view.h"

#include <gtest/gtest.h>

namespace clary::cli {
namespace {

const json::object kDescription = {
    {"HyperParameterTuningJobName", "search"},
    {"HyperParameterTuningJobStatus", "InProgress"},
    {"CreationTime", 100},
    {"HyperParameterTuningJobConfig",
     {{"Strategy", "Random"},
      {"ResourceLimits", {{"MaxNumberOfTrainingJobs", 20}, {"MaxParallelTrainingJobs", 1}}},
      {"HyperParameterTuningJobObjective", {{"Type", "Minimize"}, {"MetricName", "loss"}}},
      {"ParameterRanges",
       {{"ContinuousParameterRanges",
         json::array{json::object{{"Name", "idle"}, {"MinValue", "0"}, {"MaxValue", "1"}},
                     json::object{{"Name", "x"}, {"MinValue", "0"}, {"MaxValue", "1"}}}}}}}}};

json::object job(int number, double x, double idle, double loss) {
  return {
      {"TrainingJobName", "search-0" + std::to_string(10 + number)},
      {"TrainingJobStatus", "Completed"},
      {"TrainingEndTime", 100 + number},
      {"TunedHyperParameters", {{"x", std::to_string(x)}, {"idle", std::to_string(idle)}}},
      {"FinalHyperParameterTuningJobObjectiveMetric", {{"MetricName", "loss"}, {"Value", loss}}}};
}

TuneView view_of_twelve() {
  json::array jobs;
  for (int i = 0; i < 12; ++i) {
    // Idle stands in no relation to x: 7 i and 5 i would be each other's mirror modulo 12.
    const double x = (i * 7 % 12) / 12.0, idle = (i * i % 11) / 12.0;
    jobs.push_back(job(i, x, idle, (x - 0.5) * (x - 0.5)));
  }
  jobs.push_back({{"TrainingJobName", "search-099"},
                  {"TrainingJobStatus", "InProgress"},
                  {"TunedHyperParameters", {{"x", "0.1"}, {"idle", "0.2"}}}});
  return tune_view(kDescription, jobs, {{"x", 0.9}, {"idle", 0.1}});
}

TEST(TuneView, KnowsTheBestAndItsCourse) {
  const TuneView view = view_of_twelve();
  ASSERT_NE(view.best(), nullptr);
  EXPECT_EQ(*view.best()->objective, 0);
  const auto course = view.best_so_far();
  ASSERT_EQ(course.size(), 12U);
  EXPECT_TRUE(std::ranges::is_sorted(course, std::ranges::greater()));
}

TEST(TuneView, WhatMattersMostIsFirst) {
  const TuneView view = tune_view(kDescription, {}, {{"idle", 0.1}, {"x", 0.9}});
  ASSERT_EQ(view.importance.size(), 2U);
  EXPECT_EQ(view.importance.front().first, "x");
  const auto lines = drawn(view, Terminal{}, from_epoch_seconds(101));
  EXPECT_TRUE(lines.back().ends_with(" 10 %")) << lines.back();
}

TEST(TuneView, DrawsWithoutATerminal) {
  const auto lines = drawn(view_of_twelve(), Terminal{}, from_epoch_seconds(160));
  ASSERT_GE(lines.size(), 6U);
  EXPECT_EQ(lines[0], "search  InProgress  Random  minimize loss  1m 00s");
  EXPECT_TRUE(lines[1].ends_with("] 12 of 20, 1 running")) << lines[1];
  EXPECT_TRUE(lines[2].starts_with("best 0  search-0")) << lines[2];
  EXPECT_TRUE(lines[3].starts_with("from 0.25  0")) << lines[3];
}

TEST(TuneView, CutsLinesForATerminal) {
  const Terminal narrow{.is_terminal = true, .colours = false, .width = 40};
  for (const std::string& line : drawn(view_of_twelve(), narrow, from_epoch_seconds(160))) {
    EXPECT_LE(line.size(), 40U) << line;
  }
}

TEST(TuneView, NothingToSayYet) {
  const TuneView view = tune_view(kDescription, {}, {});
  EXPECT_EQ(view.best(), nullptr);
  EXPECT_TRUE(view.importance.empty());
  EXPECT_EQ(drawn(view, Terminal{}, from_epoch_seconds(101)).size(), 2U);
}

}  // namespace
}  // namespace clary::cli
