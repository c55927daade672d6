#include "api/sagemaker/processing_jobs.h"

#include "api/sagemaker/test_server.h"

namespace clary::api::sagemaker {
namespace {

using engine::RunOutcome;
using engine::RunPhase;

// Runs every image in one way.
class OneWay final : public ImageSource {
 public:
  std::optional<ImageWay> find(std::string_view, ImageUse use) override {
    if (use != ImageUse::kProcess) return std::nullopt;
    return ImageWay{
        .launch = launch, .python = {"sklearn", "/usr/bin/python3"}, .local_image = "local"};
  }
  std::string offer() const override { return "anything"; }
  Launch launch = Launch::kEnvironment;
};

class ProcessingTest : public SageMakerTest {
 protected:
  static json::object s3_input(std::string_view name, std::string_view path) {
    return {{"InputName", name},
            {"S3Input",
             {{"S3Uri", "s3://data/train"}, {"LocalPath", path}, {"S3DataType", "S3Prefix"}}}};
  }
  static json::object s3_output(std::string_view name, std::string_view mode) {
    return {{"OutputName", name},
            {"S3Output",
             {{"S3Uri", "s3://data/out"},
              {"LocalPath", "/opt/ml/processing/output"},
              {"S3UploadMode", mode}}}};
  }
  static json::object request(std::string_view name = "clean-1") {
    return {{"ProcessingJobName", name},
            {"AppSpecification",
             {{"ImageUri", "me/sagemaker-scikit-learn:1.2-1"},
              {"ContainerEntrypoint", json::array{"python3", "/opt/ml/processing/input/code/x.py"}},
              {"ContainerArguments", json::array{"--split", "0.2"}}}},
            {"RoleArn", "arn:aws:iam::000000000000:role/Execution"},
            {"ProcessingInputs", json::array{s3_input("code", "/opt/ml/processing/input/code/")}},
            {"ProcessingOutputConfig", {{"Outputs", json::array{s3_output("o", "EndOfJob")}}}},
            {"ProcessingResources",
             {{"ClusterConfig",
               {{"InstanceType", "ml.m5.xlarge"}, {"InstanceCount", 1}, {"VolumeSizeInGB", 5}}}}},
            {"Environment", {{"MINE", "yes"}, {"AWS_REGION", "elsewhere"}}}};
  }
  json::object describe(std::string_view name = "clean-1") {
    return call("DescribeProcessingJob", {{"ProcessingJobName", name}});
  }
  store::DocumentKey key(std::string_view name = "clean-1") const {
    return {"processing-job", "000000000000", "us-west-2", std::string(name)};
  }
  std::string run_id() { return workloads.runs.begin()->first; }
  void end(RunOutcome outcome, std::string_view name = "clean-1") {
    clock.advance(std::chrono::milliseconds(1500));
    workloads.end(run_id(), std::move(outcome));
    controller.reconcile(key(name));
  }
  std::string refused(const json::object& input) { return error_of("CreateProcessingJob", input); }

  TestWorkloads workloads{clock};
  OneWay way;
  Images images{{}, {&way}};
  ProcessingController controller{{documents, workloads, roles, images, clock}};
};

TEST_F(ProcessingTest, AJobRunsToCompletion) {
  EXPECT_EQ(call("CreateProcessingJob", request()).at("ProcessingJobArn"),
            "arn:aws:sagemaker:us-west-2:000000000000:processing-job/clean-1");
  ASSERT_EQ(woken, std::vector{key()});
  json::object job = describe();
  EXPECT_EQ(job.at("ProcessingJobStatus"), "InProgress");
  EXPECT_EQ(at_path(job, "StoppingCondition.MaxRuntimeInSeconds")->as_int64(), 86400);
  const json::object& input = job.at("ProcessingInputs").as_array()[0].as_object();
  EXPECT_EQ(input.at("AppManaged"), false);
  EXPECT_EQ(at_path(input, "S3Input.S3InputMode")->as_string(), "File");
  EXPECT_FALSE(job.contains("MonitoringScheduleArn"));
  controller.reconcile(key());
  clock.advance(std::chrono::seconds(1));
  workloads.enter(run_id(), RunPhase::kRunning);
  controller.reconcile(key());
  EXPECT_TRUE(describe().contains("ProcessingStartTime"));
  end({RunOutcome::Kind::kSucceeded, 0, "", "3 rows dropped"});
  job = describe();
  EXPECT_EQ(job.at("ProcessingJobStatus"), "Completed");
  EXPECT_EQ(job.at("ExitMessage"), "3 rows dropped");
  EXPECT_TRUE(job.contains("ProcessingEndTime"));
  EXPECT_FALSE(job.contains("FailureReason"));
  EXPECT_TRUE(workloads.runs.empty());
  // A reconcile that comes late changes nothing and starts nothing.
  controller.reconcile(key());
  EXPECT_TRUE(workloads.runs.empty());
  EXPECT_EQ(describe(), job);
  const json::object listed = call("ListProcessingJobs", {{"StatusEquals", "Completed"}});
  EXPECT_EQ(listed.at("ProcessingJobSummaries").as_array().size(), 1u);
}

TEST_F(ProcessingTest, TheSpecificationIsTheContainerContract) {
  json::object input = request();
  input["ProcessingOutputConfig"].as_object()["Outputs"].as_array().push_back(
      s3_output("live", "Continuous"));
  json::object own = s3_input("own", "");
  own["AppManaged"] = true;
  input["ProcessingInputs"].as_array().push_back(own);
  call("CreateProcessingJob", input);
  controller.reconcile(key());
  const JobSpec& spec = workloads.runs.begin()->second.spec;
  EXPECT_EQ(spec.command, (std::vector<std::string>{"python3", "/opt/ml/processing/input/code/x.py",
                                                    "--split", "0.2"}));
  EXPECT_EQ(spec.python.name, "sklearn");
  EXPECT_EQ(spec.environment.at("MINE"), "yes");
  EXPECT_EQ(spec.environment.at("AWS_REGION"), "us-west-2");
  EXPECT_TRUE(spec.network);
  ASSERT_EQ(spec.inputs.size(), 1u);  // what the application manages, it fetches itself
  EXPECT_EQ(spec.inputs[0].local_path, "/opt/ml/processing/input/code/");
  ASSERT_EQ(spec.outputs.size(), 2u);
  EXPECT_TRUE(spec.outputs[0].only_on_success);
  EXPECT_FALSE(spec.outputs[0].continuous);
  EXPECT_TRUE(spec.outputs[1].continuous);
  EXPECT_FALSE(spec.outputs[1].only_on_success);
  const json::value& config = spec.config_files.at("config/processingjobconfig.json");
  EXPECT_EQ(config.at("ProcessingJobArn"),
            "arn:aws:sagemaker:us-west-2:000000000000:processing-job/clean-1");
  EXPECT_EQ(config.at("ProcessingResources").at("ClusterConfig").at("InstanceCount"), 1);
  EXPECT_EQ(spec.config_files.at("config/resourceconfig.json").at("hosts"), json::array{"algo-1"});
  EXPECT_EQ(spec.log_group, "/aws/sagemaker/ProcessingJobs");
  EXPECT_EQ(spec.log_stream, "clean-1/algo-1-1790000000000");
  EXPECT_EQ(spec.limits.cpus, 4);
  EXPECT_EQ(spec.limits.volume_bytes, 5ULL << 30);
}

TEST_F(ProcessingTest, AnImageKeepsEntryPointAndArgumentsApart) {
  way.launch = Launch::kImage;
  json::object input = request();
  input["NetworkConfig"] = {{"EnableNetworkIsolation", true}};
  call("CreateProcessingJob", input);
  controller.reconcile(key());
  const JobSpec& spec = workloads.runs.begin()->second.spec;
  EXPECT_EQ(spec.image, "local");
  EXPECT_EQ(spec.entrypoint.size(), 2u);
  EXPECT_EQ(spec.command, (std::vector<std::string>{"--split", "0.2"}));
  EXPECT_FALSE(spec.network);
}

TEST_F(ProcessingTest, SeveralInstancesAreOneGangThatSharesItsInputs) {
  json::object input = request();
  input["ProcessingResources"].as_object()["ClusterConfig"].as_object()["InstanceCount"] = 3;
  call("CreateProcessingJob", input);
  controller.reconcile(key());
  ASSERT_EQ(workloads.runs.size(), 1u);
  const std::vector<JobSpec>& gang = workloads.gangs.at(run_id());
  ASSERT_EQ(gang.size(), 3u);
  EXPECT_EQ(gang[2].instance_index, 2);
  EXPECT_EQ(gang[2].instance_count, 3);
  EXPECT_EQ(gang[2].log_stream, "clean-1/algo-3-1790000000000");
  const json::value& resources = gang[2].config_files.at("config/resourceconfig.json");
  EXPECT_EQ(resources.at("current_host"), "algo-3");
  EXPECT_EQ(resources.at("hosts"), (json::array{"algo-1", "algo-2", "algo-3"}));
}

TEST_F(ProcessingTest, ARunThatLostItsPlaceStartsOver) {
  call("CreateProcessingJob", request());
  controller.reconcile(key());
  const std::string first = run_id();
  end({RunOutcome::Kind::kInterrupted, 0, ""});
  EXPECT_EQ(describe().at("ProcessingJobStatus"), "InProgress");
  EXPECT_TRUE(workloads.runs.empty());
  controller.reconcile(key());
  ASSERT_EQ(workloads.runs.size(), 1u);
  EXPECT_NE(run_id(), first);
}

TEST_F(ProcessingTest, AnEnvironmentNeedsAnEntryPoint) {
  json::object input = request();
  input["AppSpecification"].as_object().erase("ContainerEntrypoint");
  call("CreateProcessingJob", input);
  controller.reconcile(key());
  const json::object job = describe();
  EXPECT_EQ(job.at("ProcessingJobStatus"), "Failed");
  EXPECT_NE(job.at("FailureReason").as_string().find("ContainerEntrypoint"), std::string::npos);
  EXPECT_TRUE(workloads.runs.empty());
}

TEST_F(ProcessingTest, FailureStopAndTimeOut) {
  call("CreateProcessingJob", request());
  controller.reconcile(key());
  end({RunOutcome::Kind::kFailed, 1, "AlgorithmError: boom, exit code: 1"});
  EXPECT_EQ(describe().at("ProcessingJobStatus"), "Failed");
  EXPECT_EQ(describe().at("FailureReason"), "AlgorithmError: boom, exit code: 1");
  EXPECT_NE(error_of("StopProcessingJob", {{"ProcessingJobName", "clean-1"}}).find("Failed"),
            std::string::npos);
  call("DeleteProcessingJob", {{"ProcessingJobName", "clean-1"}});
  EXPECT_EQ(error_of("DescribeProcessingJob", {{"ProcessingJobName", "clean-1"}}),
            "ValidationException: Could not find requested job with name: clean-1");

  call("CreateProcessingJob", request());
  controller.reconcile(key());
  call("StopProcessingJob", {{"ProcessingJobName", "clean-1"}});
  EXPECT_EQ(describe().at("ProcessingJobStatus"), "Stopping");
  EXPECT_TRUE(error_of("DeleteProcessingJob", {{"ProcessingJobName", "clean-1"}})
                  .starts_with("ResourceInUse: "));
  controller.reconcile(key());
  EXPECT_TRUE(workloads.runs.begin()->second.stop_requested);
  end({RunOutcome::Kind::kStopped, 0, ""});
  EXPECT_EQ(describe().at("ProcessingJobStatus"), "Stopped");

  call("CreateProcessingJob", request("late"));
  controller.reconcile(key("late"));
  end({RunOutcome::Kind::kTimedOut, 0, ""}, "late");
  EXPECT_EQ(describe("late").at("ProcessingJobStatus"), "Stopped");
  EXPECT_NE(describe("late").at("ExitMessage").as_string().find("MaxRuntimeInSeconds"),
            std::string::npos);
}

TEST_F(ProcessingTest, TheJobHasATrialComponent) {
  const json::value arn = call("CreateProcessingJob", request()).at("ProcessingJobArn");
  controller.reconcile(key());
  end({RunOutcome::Kind::kSucceeded, 0, ""});
  EXPECT_EQ(call("ListTrialComponents", {{"SourceArn", arn}})
                .at("TrialComponentSummaries")
                .as_array()
                .size(),
            1u);
  const json::object component =
      call("DescribeTrialComponent", {{"TrialComponentName", "clean-1-aws-processing-job"}});
  EXPECT_EQ(at_path(component, "Source.SourceType")->as_string(), "SageMakerProcessingJob");
  EXPECT_EQ(at_path(component, "InputArtifacts.code.Value")->as_string(), "s3://data/train");
  EXPECT_EQ(at_path(component, "OutputArtifacts.o.Value")->as_string(), "s3://data/out");
}

TEST_F(ProcessingTest, RefusesWhatCannotBe) {
  call("CreateProcessingJob", request());
  EXPECT_TRUE(refused(request()).starts_with("ResourceInUse: "));
  auto with_input = [](const json::object& entry) {
    json::object input = request("x");
    input["ProcessingInputs"].as_array().push_back(entry);
    return input;
  };
  for (auto path : {"/opt/ml/processing/../model", "/opt/ml/model", "data", "/opt/ml/processing/",
                    "/opt/ml/processingx/a"}) {
    EXPECT_NE(refused(with_input(s3_input("i", path))).find("LocalPath"), std::string::npos)
        << path;
  }
  // The same folder, written in another way.
  EXPECT_NE(refused(with_input(s3_input("i", "/opt/ml/processing/./input/code"))).find("same"),
            std::string::npos);
  EXPECT_NE(refused(with_input(s3_input("code", "/opt/ml/processing/a"))).find("unique"),
            std::string::npos);
  EXPECT_NE(refused(with_input({{"InputName", "i"}, {"DatasetDefinition", json::object()}}))
                .find("DatasetDefinition"),
            std::string::npos);
  json::object input = request("x");
  input["ProcessingOutputConfig"].as_object()["Outputs"] =
      json::array{{{"OutputName", "o"}, {"FeatureStoreOutput", {{"FeatureGroupName", "g"}}}}};
  EXPECT_NE(refused(input).find("FeatureStoreOutput"), std::string::npos);
  input = request("x");
  input["RoleArn"] = "arn:aws:iam::000000000000:role/Other";
  EXPECT_NE(refused(input).find("Could not assume role"), std::string::npos);
  EXPECT_TRUE(workloads.runs.empty());
}

TEST_F(ProcessingTest, ARestartOfTheServerRepeatsNothing) {
  call("CreateProcessingJob", request());
  controller.reconcile(key());
  const std::string id = run_id();
  ProcessingController after{{documents, workloads, roles, images, clock}};
  ASSERT_EQ(after.pending(), std::vector{key()});
  after.reconcile(key());
  EXPECT_EQ(workloads.runs.size(), 1u);
  workloads.end(id, {RunOutcome::Kind::kSucceeded, 0, ""});
  const engine::Run ended = workloads.runs.at(id);
  after.reconcile(key());
  // The server died after it wrote the end and before it forgot the run.
  workloads.runs.emplace(id, ended);
  after.reconcile(key());
  EXPECT_TRUE(workloads.runs.empty());
  EXPECT_EQ(describe().at("ProcessingJobStatus"), "Completed");
}

}  // namespace
}  // namespace clary::api::sagemaker
