#include "api/sagemaker/training_jobs.h"

#include "api/sagemaker/images.h"
#include "api/sagemaker/instance_types.h"
#include "api/sagemaker/training_test_support.h"

namespace clary::api::sagemaker {
namespace {

using engine::RunOutcome;
using engine::RunPhase;

TEST_F(TrainingTest, DescribeHasWhatClientsReadFromTheFirstMoment) {
  EXPECT_EQ(call("CreateTrainingJob", request()).at("TrainingJobArn"),
            "arn:aws:sagemaker:us-west-2:000000000000:training-job/churn-1");
  ASSERT_EQ(woken, std::vector{key()});
  const json::object job = describe();
  EXPECT_EQ(job.at("TrainingJobStatus"), "InProgress");
  EXPECT_EQ(job.at("SecondaryStatus"), "Starting");
  EXPECT_EQ(at_path(job, "OutputDataConfig.KmsKeyId")->as_string(), "");
  EXPECT_EQ(at_path(job, "StoppingCondition.MaxRuntimeInSeconds")->as_int64(), 86400);
  EXPECT_EQ(at_path(job, "ModelArtifacts.S3ModelArtifacts")->as_string(),
            "s3://data/out/churn-1/output/model.tar.gz");
  EXPECT_FALSE(at_path(job, "AlgorithmSpecification.MetricDefinitions")->as_array().empty());
  EXPECT_EQ(job.at("EnableNetworkIsolation"), false);
  const json::object& first = job.at("SecondaryStatusTransitions").as_array()[0].as_object();
  EXPECT_EQ(first.at("Status"), "Starting");
  EXPECT_EQ(first.at("StatusMessage"), "Starting the training job");
  EXPECT_TRUE(first.contains("StartTime"));
  EXPECT_EQ(job.at("InputDataConfig").as_array()[0].at("CompressionType"), "None");
}

TEST_F(TrainingTest, AJobRunsToCompletion) {
  call("CreateTrainingJob", request());
  controller.reconcile(key());
  ASSERT_EQ(workloads.runs.size(), 1u);
  step(RunPhase::kStarting);
  step(RunPhase::kDownloading);
  step(RunPhase::kRunning);
  json::object job = describe();
  EXPECT_EQ(job.at("SecondaryStatus"), "Training");
  EXPECT_TRUE(job.contains("TrainingStartTime"));
  EXPECT_FALSE(job.contains("TrainingEndTime"));
  workloads.runs.begin()->second.metrics = {{"validation:auc", 0.93, clock.now()}};
  step(RunPhase::kUploading);
  end({RunOutcome::Kind::kSucceeded, 0, ""});
  job = describe();
  EXPECT_EQ(job.at("TrainingJobStatus"), "Completed");
  EXPECT_EQ(transitions(job), (std::vector<std::string>{"Starting", "Downloading", "Training",
                                                        "Uploading", "Completed"}));
  for (const json::value& entry : job.at("SecondaryStatusTransitions").as_array()) {
    EXPECT_TRUE(entry.as_object().contains("EndTime")) << entry;
  }
  EXPECT_EQ(job.at("BillableTimeInSeconds"), 5);  // 4.5 s from Downloading to the end
  EXPECT_EQ(job.at("FinalMetricDataList").as_array()[0].at("MetricName"), "validation:auc");
  EXPECT_FALSE(job.contains("FailureReason"));
  EXPECT_TRUE(workloads.runs.empty());
  // A reconcile that comes late changes nothing and starts nothing.
  controller.reconcile(key());
  EXPECT_TRUE(workloads.runs.empty());
  EXPECT_EQ(describe(), job);
}

TEST_F(TrainingTest, EveryJobHasATrialComponentThatRunsFindByItsArn) {
  call("CreateExperiment", {{"ExperimentName", "e"}});
  json::object input = request();
  input["ExperimentConfig"] = {{"ExperimentName", "e"}, {"TrialName", "none"}};
  EXPECT_EQ(error_of("CreateTrainingJob", input), "ResourceNotFound: Trial 'none' does not exist.");
  input["ExperimentConfig"] = {{"ExperimentName", "e"}};
  const json::value arn = call("CreateTrainingJob", input).at("TrainingJobArn");
  controller.reconcile(key());
  auto listed = [&](const json::object& query) {
    return call("ListTrialComponents", query).at("TrialComponentSummaries").as_array();
  };
  ASSERT_EQ(listed({{"SourceArn", arn}}).size(), 1u);
  EXPECT_EQ(listed({{"ExperimentName", "e"}}).size(), 1u);
  workloads.runs.begin()->second.metrics = {{"validation:auc", 0.93, clock.now()}};
  end({RunOutcome::Kind::kSucceeded, 0, ""});
  const json::object component =
      call("DescribeTrialComponent", {{"TrialComponentName", "churn-1-aws-training-job"}});
  EXPECT_EQ(at_path(component, "Status.PrimaryStatus")->as_string(), "Completed");
  EXPECT_EQ(at_path(component, "Parameters.num_round.NumberValue")->as_double(), 10);
  EXPECT_EQ(component.at("Metrics").as_array()[0].at("Last"), 0.93);
  EXPECT_EQ(at_path(component, "InputArtifacts.train.Value")->as_string(), "s3://data/train");
}

TEST_F(TrainingTest, TheSpecificationIsTheContainerContract) {
  call("CreateTrainingJob", request());
  controller.reconcile(key());
  const JobSpec& spec = workloads.runs.begin()->second.spec;
  EXPECT_EQ(spec.command, (std::vector<std::string>{"clary-algo", "train"}));
  EXPECT_EQ(spec.environment.at("MINE"), "yes");
  EXPECT_EQ(spec.environment.at("AWS_REGION"), "us-west-2");
  EXPECT_EQ(spec.environment.at("TRAINING_JOB_NAME"), "churn-1");
  ASSERT_EQ(spec.inputs.size(), 1u);
  EXPECT_EQ(spec.inputs[0].local_path, "/opt/ml/input/data/train");
  EXPECT_EQ(spec.outputs[0].s3_uri, "s3://data/out/churn-1/output/model.tar.gz");
  EXPECT_EQ(spec.outputs[1].s3_uri, "s3://data/out/churn-1/output/output.tar.gz");
  EXPECT_TRUE(spec.outputs[1].only_if_not_empty);
  const json::value& resources = spec.config_files.at("input/config/resourceconfig.json");
  EXPECT_EQ(resources.at("hosts"), json::array{"algo-1"});
  EXPECT_EQ(resources.at("current_host"), "algo-1");
  EXPECT_EQ(resources.at("instance_groups").as_array().size(), 1u);
  const json::value& inputs = spec.config_files.at("input/config/inputdataconfig.json");
  EXPECT_EQ(inputs.at("train").at("ContentType"), "text/csv");
  EXPECT_EQ(inputs.at("train").at("TrainingInputMode"), "File");
  EXPECT_EQ(spec.log_group, "/aws/sagemaker/TrainingJobs");
  EXPECT_EQ(spec.log_stream, "churn-1/algo-1-1790000000000");
  EXPECT_EQ(spec.metric_dimensions.at("TrainingJobName"), "churn-1");
  EXPECT_EQ(spec.limits.cpus, 4);
}

TEST_F(TrainingTest, FailureStopAndTimeOut) {
  call("CreateTrainingJob", request());
  controller.reconcile(key());
  step(RunPhase::kRunning);
  end({RunOutcome::Kind::kFailed, 1, "ClientError: bad column count, exit code: 1"});
  json::object job = describe();
  EXPECT_EQ(job.at("TrainingJobStatus"), "Failed");
  EXPECT_EQ(job.at("FailureReason"), "ClientError: bad column count, exit code: 1");
  EXPECT_EQ(transitions(job).back(), "Failed");
  EXPECT_EQ(error_of("StopTrainingJob", {{"TrainingJobName", "churn-1"}}),
            "ValidationException: The request was rejected because the training job is in status "
            "Failed.");
  call("DeleteTrainingJob", {{"TrainingJobName", "churn-1"}});
  EXPECT_EQ(error_of("DescribeTrainingJob", {{"TrainingJobName", "churn-1"}}),
            "ValidationException: Requested resource not found.");

  call("CreateTrainingJob", request());
  controller.reconcile(key());
  step(RunPhase::kRunning);
  clock.advance(std::chrono::seconds(1));
  call("StopTrainingJob", {{"TrainingJobName", "churn-1"}});
  EXPECT_EQ(describe().at("TrainingJobStatus"), "Stopping");
  EXPECT_TRUE(error_of("DeleteTrainingJob", {{"TrainingJobName", "churn-1"}})
                  .starts_with("ResourceInUse: "));
  controller.reconcile(key());
  EXPECT_TRUE(workloads.runs.begin()->second.stop_requested);
  step(RunPhase::kUploading);
  end({RunOutcome::Kind::kStopped, 0, ""});
  job = describe();
  EXPECT_EQ(job.at("TrainingJobStatus"), "Stopped");
  EXPECT_EQ(transitions(job),
            (std::vector<std::string>{"Starting", "Training", "Stopping", "Uploading", "Stopped"}));

  call("CreateTrainingJob", request("late"));
  controller.reconcile(key("late"));
  workloads.end(run_id(), {RunOutcome::Kind::kTimedOut, 0, ""});
  controller.reconcile(key("late"));
  job = describe("late");
  EXPECT_EQ(job.at("TrainingJobStatus"), "Stopped");
  EXPECT_EQ(job.at("SecondaryStatus"), "MaxRuntimeExceeded");
}

TEST_F(TrainingTest, ARestartOfTheServerRepeatsNothing) {
  call("CreateTrainingJob", request());
  controller.reconcile(key());
  const std::string id = run_id();
  TrainingController after(documents, workloads, roles, s3, images, clock);
  ASSERT_EQ(after.pending(), std::vector{key()});
  after.reconcile(key());
  EXPECT_EQ(workloads.runs.size(), 1u);
  EXPECT_EQ(run_id(), id);
  workloads.end(id, {RunOutcome::Kind::kSucceeded, 0, ""});
  const engine::Run ended = workloads.runs.at(id);
  after.reconcile(key());
  EXPECT_TRUE(after.pending().empty());
  // The server died after it wrote the end and before it forgot the run.
  workloads.runs.emplace(id, ended);
  after.reconcile(key());
  EXPECT_TRUE(workloads.runs.empty());
  EXPECT_EQ(describe().at("TrainingJobStatus"), "Completed");
}

TEST_F(TrainingTest, ALostRunIsTriedAgainAsTheRetryStrategySays) {
  json::object input = request();
  input["RetryStrategy"] = {{"MaximumRetryAttempts", 1}};
  call("CreateTrainingJob", input);
  controller.reconcile(key());
  const std::string first = run_id();
  step(RunPhase::kRunning);
  end({RunOutcome::Kind::kAgentLost, 0, "InternalServerError: killed"});
  EXPECT_EQ(describe().at("TrainingJobStatus"), "InProgress");
  EXPECT_TRUE(workloads.runs.empty());
  controller.reconcile(key());
  ASSERT_EQ(workloads.runs.size(), 1u);
  EXPECT_NE(run_id(), first);
  step(RunPhase::kRunning);
  end({RunOutcome::Kind::kAgentLost, 0, "InternalServerError: killed"});
  const json::object job = describe();
  EXPECT_EQ(job.at("TrainingJobStatus"), "Failed");
  EXPECT_EQ(job.at("FailureReason"), "InternalServerError: killed");
  EXPECT_EQ(transitions(job),
            (std::vector<std::string>{"Starting", "Training", "Starting", "Training", "Failed"}));
}

TEST_F(TrainingTest, ARoleThatIsGoneFailsTheJob) {
  call("CreateTrainingJob", request());
  roles.revoked = true;
  controller.reconcile(key());
  const json::object job = describe();
  EXPECT_EQ(job.at("TrainingJobStatus"), "Failed");
  EXPECT_TRUE(std::string(job.at("FailureReason").as_string())
                  .starts_with("ClientError: Could not "
                               "assume role"));
  EXPECT_TRUE(workloads.runs.empty());
}

TEST_F(TrainingTest, AnImageNobodyHasFailsTheJobWithWhatToDo) {
  json::object foreign = request();
  foreign["AlgorithmSpecification"].as_object()["TrainingImage"] = "me/mine:1";
  call("CreateTrainingJob", foreign);
  controller.reconcile(key());
  const json::object job = describe();
  EXPECT_EQ(job.at("TrainingJobStatus"), "Failed");
  EXPECT_TRUE(std::string(job.at("FailureReason").as_string())
                  .starts_with("ClientError: No way to run the image me/mine:1"));
  EXPECT_FALSE(job.contains("ModelArtifacts"));
  EXPECT_TRUE(workloads.runs.empty());
}

TEST_F(TrainingTest, RefusesWhatCannotBe) {
  call("CreateTrainingJob", request());
  EXPECT_EQ(error_of("CreateTrainingJob", request("Churn-1")),
            "ResourceInUse: Training job names must be unique within an AWS account and region, "
            "and a training job with this name already exists "
            "(arn:aws:sagemaker:us-west-2:000000000000:training-job/churn-1)");
  json::object bad = request("x");
  bad["RoleArn"] = "arn:aws:iam::000000000000:role/Other";
  EXPECT_EQ(error_of("CreateTrainingJob", bad),
            "ValidationException: Could not assume role arn:aws:iam::000000000000:role/Other. "
            "Please ensure that the role exists and allows principal 'sagemaker.amazonaws.com' to "
            "assume the role.");
  bad = request("x");
  bad["InputDataConfig"].as_array().push_back(bad["InputDataConfig"].as_array()[0]);
  EXPECT_EQ(error_of("CreateTrainingJob", bad),
            "ValidationException: Channel names must be unique: \"train\" is given twice.");
  s3.keys.clear();
  EXPECT_TRUE(error_of("CreateTrainingJob", request("x"))
                  .starts_with("ValidationException: No S3 objects found under S3 URL "
                               "\"s3://data/train\" given in input data source."));
  bad = request("x");
  bad["OutputDataConfig"].as_object()["KmsKeyId"] = "alias/mine";
  EXPECT_NE(error_of("CreateTrainingJob", bad).find("KMS key"), std::string::npos);
  bad = request("x");
  bad["ResourceConfig"].as_object()["InstanceCount"] = 65;
  EXPECT_TRUE(error_of("CreateTrainingJob", bad).starts_with("ResourceLimitExceeded: "));
  EXPECT_TRUE(workloads.runs.empty());
}

TEST_F(TrainingTest, ListShowsSummariesByStatus) {
  call("CreateTrainingJob", request("a"));
  call("CreateTrainingJob", request("b"));
  controller.reconcile(key("a"));
  workloads.end(run_id(), {RunOutcome::Kind::kSucceeded, 0, ""});
  controller.reconcile(key("a"));
  const json::object listed = call("ListTrainingJobs", {{"StatusEquals", "Completed"}});
  const json::array& jobs = listed.at("TrainingJobSummaries").as_array();
  ASSERT_EQ(jobs.size(), 1u);
  EXPECT_EQ(jobs[0].at("TrainingJobName"), "a");
  EXPECT_EQ(jobs[0].at("TrainingJobStatus"), "Completed");
  EXPECT_FALSE(jobs[0].as_object().contains("HyperParameters"));
}

TEST(Images, RepositoryAndTagDecide) {
  EXPECT_NE(native_algorithm("433757028032.dkr.ecr.us-west-2.amazonaws.com/xgboost:1"), nullptr);
  EXPECT_NE(native_algorithm("xgboost"), nullptr);
  EXPECT_EQ(native_algorithm("1.dkr.ecr.eu-west-1.amazonaws.com/my-xgboost:1"), nullptr);
  const std::optional<ImageName> image = parse_image("localhost:5000/a/b@sha256:ff");
  ASSERT_TRUE(image);
  EXPECT_EQ(image->registry, "localhost:5000/a");
  EXPECT_EQ(image->repository, "b");
  EXPECT_EQ(image->tag, "sha256:ff");
}

TEST(S3Uris, TheFormsClientsWrite) {
  for (auto uri : {"s3://bucket/a/b.tar.gz", "https://bucket.s3-us-west-2.amazonaws.com/a/b.tar.gz",
                   "https://bucket.s3.us-west-2.amazonaws.com/a/b.tar.gz",
                   "https://s3.us-west-2.amazonaws.com/bucket/a/b.tar.gz",
                   "https://s3-us-west-2.amazonaws.com/bucket/a/b.tar.gz"}) {
    const std::optional<S3Location> location = parse_s3_uri(uri);
    ASSERT_TRUE(location) << uri;
    EXPECT_EQ(location->uri(), "s3://bucket/a/b.tar.gz") << uri;
  }
  EXPECT_FALSE(parse_s3_uri("https://example.com/a"));
  EXPECT_EQ(join_s3("s3://b/out//", "x"), "s3://b/out/x");
}

TEST(InstanceTypes, SizesOfTheNames) {
  EXPECT_EQ(instance_size("ml.m5.large").cpus, 2);
  EXPECT_EQ(instance_size("ml.c5.2xlarge").cpus, 8);
  EXPECT_EQ(instance_size("ml.c5.2xlarge").memory_bytes, 16ULL << 30);
  EXPECT_EQ(instance_size("ml.m5.24xlarge").cpus, 96);
  EXPECT_EQ(instance_size("nonsense").cpus, 2);
  EXPECT_EQ(instance_size("ml.c4.8xlarge").cpus, 36) << "not what the name says";
  EXPECT_EQ(instance_size("ml.t3.medium").memory_bytes, 4ULL << 30);
  EXPECT_EQ(instance_size("ml.p3.8xlarge").gpus, 4U);
  EXPECT_EQ(instance_size("ml.g5.12xlarge").gpus, 4U);
  EXPECT_TRUE(std::ranges::is_sorted(instance_types(), {}, &InstanceType::name));
  EXPECT_GT(instance_types().size(), 400U);
}

}  // namespace
}  // namespace clary::api::sagemaker
