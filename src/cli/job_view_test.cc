#include "cli/job_view.h"

#include <gtest/gtest.h>

namespace clary::cli {
namespace {

json::object parsed(std::string_view text) {
  return json::parse(text).as_object();
}

TEST(JobView, ARunningTrainingJobSaysWhatItDoes) {
  const JobView view = view_of(job_kind("training"), parsed(R"({
      "TrainingJobName": "t", "TrainingJobStatus": "InProgress", "CreationTime": 100,
      "TrainingStartTime": 101.5, "ResourceConfig": {"InstanceCount": 2},
      "SecondaryStatusTransitions": [{"Status": "Starting", "StatusMessage": "first"},
                                     {"Status": "Downloading", "StatusMessage": "1 of 3 GB"}]})"));
  EXPECT_EQ(view.name, "t");
  EXPECT_EQ(view.detail, "1 of 3 GB");
  EXPECT_EQ(view.instances(), 2);
  EXPECT_FALSE(view.final());
  EXPECT_EQ(view.duration(from_epoch_seconds(103)), std::chrono::milliseconds(1500));
}

TEST(JobView, AFailedProcessingJobSaysWhy) {
  const JobView view = view_of(job_kind("processing"), parsed(R"({
      "ProcessingJobName": "p", "ProcessingJobStatus": "Failed", "CreationTime": 100,
      "ProcessingStartTime": 101, "ProcessingEndTime": 105, "FailureReason": "why",
      "ProcessingResources": {"ClusterConfig": {"InstanceCount": 3}}})"));
  EXPECT_EQ(view.detail, "why");
  EXPECT_EQ(view.instances(), 3);
  EXPECT_EQ(view.billable_seconds(from_epoch_seconds(900)), 4);
  EXPECT_EQ(view.duration(from_epoch_seconds(900)), std::chrono::seconds(4));
  EXPECT_EQ(exit_code_of(view), 3);
}

TEST(JobView, BillableTimeIsWhatDescribeSaysElseTheTimeSinceTheStart) {
  const json::object document = parsed(R"({
      "TrainingJobName": "t", "TrainingJobStatus": "InProgress", "CreationTime": 100,
      "ResourceConfig": {"InstanceGroups": [
          {"InstanceType": "ml.m5.large", "InstanceCount": 2, "InstanceGroupName": "a"},
          {"InstanceType": "ml.c5.xlarge", "InstanceCount": 1, "InstanceGroupName": "b"}]}})");
  JobView view = view_of(job_kind("training"), document);
  EXPECT_EQ(view.instances(), 3);
  EXPECT_EQ(view.uses[1].type, "ml.c5.xlarge");
  EXPECT_EQ(view.billable_seconds(from_epoch_seconds(160)), 0) << "it waits";
  view.started = from_epoch_seconds(110);
  EXPECT_EQ(view.billable_seconds(from_epoch_seconds(160.2)), 51);
  view.billed = 7;
  EXPECT_EQ(view.billable_seconds(from_epoch_seconds(160)), 7);
}

TEST(JobView, KindsDeriveTheirNames) {
  const JobKind& kind = job_kind("transform");
  EXPECT_EQ(kind.operation("List"), "ListTransformJobs");
  EXPECT_EQ(kind.operation("Stop"), "StopTransformJob");
  EXPECT_EQ(kind.member("Summaries"), "TransformJobSummaries");
  EXPECT_EQ(kind.log_group(), "/aws/sagemaker/TransformJobs");
  EXPECT_EQ(kind.follow_command("t"), "clary logs -f t");
  EXPECT_THROW(job_kind("labeling"), std::runtime_error);
}

TEST(JobView, ATuningJobSaysHowFarItIs) {
  const JobKind& kind = job_kind("tuning");
  EXPECT_EQ(kind.operation("List"), "ListHyperParameterTuningJobs");
  EXPECT_EQ(kind.follow_command("h"), "clary tune watch h");
  json::object document = parsed(R"({
      "HyperParameterTuningJobName": "h", "HyperParameterTuningJobStatus": "InProgress",
      "CreationTime": 100,
      "HyperParameterTuningJobConfig": {"ResourceLimits": {"MaxNumberOfTrainingJobs": 40}},
      "TrainingJobStatusCounters": {"Completed": 9, "InProgress": 2, "RetryableError": 0,
                                    "NonRetryableError": 1, "Stopped": 2},
      "BestTrainingJob": {"FinalHyperParameterTuningJobObjectiveMetric": {
          "MetricName": "auc", "Value": 0.93125}}})");
  EXPECT_EQ(view_of(kind, document).detail, "12/40, best 0.93125");
  EXPECT_EQ(view_of(kind, document).duration(from_epoch_seconds(103)), std::chrono::seconds(3));
  document.erase("BestTrainingJob");
  document["HyperParameterTuningJobConfig"] = json::object();
  document["HyperParameterTuningJobStatus"] = "Failed";
  document["HyperParameterTuningEndTime"] = 105;
  document["FailureReason"] = "why";
  EXPECT_EQ(view_of(kind, document).detail, "12/?: why");
  EXPECT_EQ(view_of(kind, document).duration(from_epoch_seconds(900)), std::chrono::seconds(5));
}

}  // namespace
}  // namespace clary::cli
