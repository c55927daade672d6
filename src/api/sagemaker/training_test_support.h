// Training jobs whose runs go where the test says.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "api/sagemaker/images.h"
#include "api/sagemaker/test_server.h"
#include "api/sagemaker/training_jobs.h"

namespace clary::api::sagemaker {

class TrainingTest : public SageMakerTest {
 protected:
  static json::object request(std::string_view name = "churn-1") {
    return {
        {"TrainingJobName", name},
        {"AlgorithmSpecification",
         {{"TrainingImage", "246618743249.dkr.ecr.us-west-2.amazonaws.com/sagemaker-xgboost:1.7-1"},
          {"TrainingInputMode", "File"}}},
        {"RoleArn", "arn:aws:iam::000000000000:role/Execution"},
        {"HyperParameters", {{"num_round", "10"}}},
        {"InputDataConfig",
         json::array{json::object{
             {"ChannelName", "train"},
             {"ContentType", "text/csv"},
             {"DataSource",
              {{"S3DataSource", {{"S3DataType", "S3Prefix"}, {"S3Uri", "s3://data/train"}}}}}}}},
        {"OutputDataConfig", {{"S3OutputPath", "s3://data/out/"}}},
        {"ResourceConfig",
         {{"InstanceType", "ml.m5.xlarge"}, {"InstanceCount", 1}, {"VolumeSizeInGB", 5}}},
        {"Environment", {{"MINE", "yes"}, {"AWS_REGION", "elsewhere"}}}};
  }
  json::object describe(std::string_view name = "churn-1") {
    return call("DescribeTrainingJob", {{"TrainingJobName", name}});
  }
  store::DocumentKey key(std::string_view name = "churn-1") const {
    return {"training-job", "000000000000", "us-west-2", std::string(name)};
  }
  std::string run_id() { return workloads.runs.begin()->first; }
  void step(engine::RunPhase phase) {
    clock.advance(std::chrono::milliseconds(1500));
    workloads.enter(run_id(), phase);
    controller.reconcile(key());
  }
  void end(engine::RunOutcome outcome) {
    clock.advance(std::chrono::milliseconds(1500));
    workloads.end(run_id(), std::move(outcome));
    controller.reconcile(key());
  }
  static std::vector<std::string> transitions(const json::object& job) {
    std::vector<std::string> names;
    for (const json::value& entry : job.at("SecondaryStatusTransitions").as_array()) {
      names.push_back(string_or(entry.as_object(), "Status"));
    }
    return names;
  }

  TestWorkloads workloads{clock};
  Images images;
  TrainingController controller{documents, workloads, roles, s3, images, clock};
};

}  // namespace clary::api::sagemaker
