#include "api/sagemaker/transform_jobs.h"

#include "api/sagemaker/test_server.h"

namespace clary::api::sagemaker {
namespace {

using engine::RunOutcome;
using engine::RunPhase;

class TransformJobsTest : public SageMakerTest {
 protected:
  TransformJobsTest() {
    call("CreateModel", {{"ModelName", "churn"},
                         {"ExecutionRoleArn", "arn:aws:iam::000000000000:role/Execution"},
                         {"PrimaryContainer",
                          {{"Image", "1.dkr.ecr.us-west-2.amazonaws.com/sagemaker-xgboost:1.7-1"},
                           {"ModelDataUrl", "s3://data/model.tar.gz"},
                           {"Environment", {{"MINE", "model"}, {"OTHER", "model"}}}}}});
  }
  static json::object request(std::string_view name = "score-1") {
    return {{"TransformJobName", name},
            {"ModelName", "churn"},
            {"Environment", {{"MINE", "job"}}},
            {"TransformInput",
             {{"DataSource",
               {{"S3DataSource", {{"S3DataType", "S3Prefix"}, {"S3Uri", "s3://data/train"}}}}},
              {"ContentType", "text/csv"},
              {"SplitType", "Line"}}},
            {"TransformOutput",
             {{"S3OutputPath", "s3://data/out"}, {"Accept", "text/csv"}, {"AssembleWith", "Line"}}},
            {"TransformResources", {{"InstanceType", "ml.m5.xlarge"}, {"InstanceCount", 1}}}};
  }
  json::object describe(std::string_view name = "score-1") {
    return call("DescribeTransformJob", {{"TransformJobName", name}});
  }
  store::DocumentKey key(std::string_view name = "score-1") const {
    return {"transform-job", "000000000000", "us-west-2", std::string(name)};
  }
  std::string refused(const json::object& input) { return error_of("CreateTransformJob", input); }

  TestWorkloads workloads{clock};
  Images images;
  TransformController controller{{documents, workloads, roles, images, clock}};
};

TEST_F(TransformJobsTest, AJobRunsToCompletion) {
  EXPECT_EQ(call("CreateTransformJob", request()).at("TransformJobArn"),
            "arn:aws:sagemaker:us-west-2:000000000000:transform-job/score-1");
  ASSERT_EQ(woken.back(), key());
  EXPECT_EQ(describe().at("TransformJobStatus"), "InProgress");
  controller.reconcile(key());
  const std::string run = workloads.runs.begin()->first;
  workloads.enter(run, RunPhase::kRunning);
  controller.reconcile(key());
  EXPECT_TRUE(describe().contains("TransformStartTime"));
  workloads.end(run, {RunOutcome::Kind::kSucceeded, 0, ""});
  controller.reconcile(key());
  EXPECT_EQ(describe().at("TransformJobStatus"), "Completed");
  EXPECT_TRUE(describe().contains("TransformEndTime"));
  EXPECT_TRUE(workloads.runs.empty());
  const json::object component =
      call("DescribeTrialComponent", {{"TrialComponentName", "score-1-aws-transform-job"}});
  EXPECT_EQ(at_path(component, "Source.SourceType")->as_string(), "SageMakerTransformJob");
}

TEST_F(TransformJobsTest, TheSpecificationIsTheRequest) {
  json::object input = request();
  input["BatchStrategy"] = "SingleRecord";
  input["MaxPayloadInMB"] = 2;
  input["MaxConcurrentTransforms"] = 3;
  input["ModelClientConfig"] = {{"InvocationsTimeoutInSeconds", 5}, {"InvocationsMaxRetries", 0}};
  input["DataProcessing"] = {
      {"InputFilter", "$[1:]"}, {"OutputFilter", "$[0,-1]"}, {"JoinSource", "Input"}};
  input["TransformResources"].as_object()["InstanceCount"] = 2;
  call("CreateTransformJob", input);
  // What becomes of the model later does not reach the job.
  call("DeleteModel", {{"ModelName", "churn"}});
  controller.reconcile(key());
  const std::vector<JobSpec>& gang = workloads.gangs.begin()->second;
  ASSERT_EQ(gang.size(), 2u);
  const JobSpec& spec = gang[1];
  EXPECT_EQ(spec.mode, JobSpec::Mode::kTransform);
  EXPECT_EQ(spec.command, (std::vector<std::string>{"clary-algo", "serve"}));
  EXPECT_EQ(spec.environment.at("MINE"), "job");
  EXPECT_EQ(spec.environment.at("OTHER"), "model");
  EXPECT_EQ(spec.environment.at("SAGEMAKER_BATCH"), "true");
  EXPECT_EQ(spec.environment.at("SAGEMAKER_BATCH_STRATEGY"), "SINGLE_RECORD");
  EXPECT_EQ(spec.environment.at("SAGEMAKER_MAX_PAYLOAD_IN_MB"), "2");
  EXPECT_EQ(spec.environment.at("SAGEMAKER_MAX_CONCURRENT_TRANSFORMS"), "3");
  EXPECT_EQ(spec.inputs.at(0).local_path, "/opt/ml/model");
  EXPECT_TRUE(spec.inputs.at(0).extract_tar);
  EXPECT_EQ(spec.log_stream, "score-1/algo-2-1790000000000");
  EXPECT_EQ(spec.instance_index, 1);
  const TransformSpec& transform = spec.transform.value();
  EXPECT_TRUE(transform.input.sharded);
  EXPECT_EQ(transform.split, TransformSpec::Split::kLine);
  EXPECT_EQ(transform.max_payload_mb, 2);
  EXPECT_EQ(transform.timeout, std::chrono::seconds(5));
  EXPECT_EQ(transform.retries, 0);
  EXPECT_TRUE(transform.join_input);
  EXPECT_EQ(to_json(job_spec_from_json(to_json(spec))), to_json(spec));
}

TEST_F(TransformJobsTest, WhatTheRequestLeavesOpenIsNotPassed) {
  call("CreateTransformJob", request());
  controller.reconcile(key());
  const JobSpec& spec = workloads.runs.begin()->second.spec;
  EXPECT_FALSE(spec.environment.contains("SAGEMAKER_BATCH_STRATEGY"));
  EXPECT_FALSE(spec.environment.contains("SAGEMAKER_MAX_PAYLOAD_IN_MB"));
  EXPECT_FALSE(spec.transform->max_payload_mb);
  EXPECT_EQ(spec.transform->max_concurrent, 0);
}

TEST_F(TransformJobsTest, StopsAndRefuses) {
  call("CreateTransformJob", request());
  EXPECT_TRUE(refused(request()).starts_with("ResourceInUse: "));
  controller.reconcile(key());
  call("StopTransformJob", {{"TransformJobName", "score-1"}});
  EXPECT_EQ(describe().at("TransformJobStatus"), "Stopping");
  controller.reconcile(key());
  EXPECT_TRUE(workloads.runs.begin()->second.stop_requested);
  workloads.end(workloads.runs.begin()->first, {RunOutcome::Kind::kStopped, 0, ""});
  controller.reconcile(key());
  EXPECT_EQ(describe().at("TransformJobStatus"), "Stopped");

  auto with = [](std::string_view member, const json::object& changes) {
    json::object input = request("x");
    json::value& value = input[member];
    if (!value.is_object()) value = json::object();
    for (const auto& [name, change] : changes) value.get_object()[name] = change;
    return input;
  };
  auto names = [&](const json::object& input, std::string_view word) {
    EXPECT_NE(refused(input).find(word), std::string::npos) << refused(input);
  };
  names(with("DataProcessing", {{"InputFilter", "$[?(@)]"}}), "InputFilter");
  json::object join = with("DataProcessing", {{"JoinSource", "Input"}});
  join["TransformOutput"].as_object()["Accept"] = "application/json";
  names(join, "Accept");
  join["TransformOutput"].as_object()["Accept"] = "text/csv";
  join["TransformOutput"].as_object()["AssembleWith"] = "None";
  names(join, "AssembleWith");
  join["TransformInput"].as_object()["SplitType"] = "None";
  names(join, "SplitType");
  join["TransformInput"].as_object()["ContentType"] = "image/png";
  names(join, "ContentType");
  names(with("DataCaptureConfig", {{"DestinationS3Uri", "s3:///c"}}), "destinationS3Uri");
  json::object large = request("x");
  large["MaxPayloadInMB"] = 101;
  names(large, "MaxPayloadInMB");
  json::object missing = request("x");
  missing["ModelName"] = "gone";
  names(missing, "Could not find model");
  roles.revoked = false;
  EXPECT_FALSE(documents.find(key("x")));
}

}  // namespace
}  // namespace clary::api::sagemaker
