// What becomes of training jobs beside the straight way: several instances, pipes, interruptions,
// warm pools, updates.
#include "api/sagemaker/training_test_support.h"

namespace clary::api::sagemaker {
namespace {

using engine::JobSpec;
using engine::RunOutcome;
using engine::RunPhase;

json::object with_groups(json::object job) {
  job["ResourceConfig"] = {{"VolumeSizeInGB", 5},
                           {"InstanceGroups", json::array{{{"InstanceGroupName", "big"},
                                                           {"InstanceType", "ml.m5.xlarge"},
                                                           {"InstanceCount", 2}},
                                                          {{"InstanceGroupName", "small"},
                                                           {"InstanceType", "ml.m5.large"},
                                                           {"InstanceCount", 1}}}}};
  return job;
}

json::object& source_of(json::object& job) {
  return job["InputDataConfig"]
      .as_array()[0]
      .as_object()["DataSource"]
      .as_object()["S3DataSource"]
      .as_object();
}

json::object spot(json::object job) {
  job["EnableManagedSpotTraining"] = true;
  job["StoppingCondition"] = {{"MaxRuntimeInSeconds", 100}, {"MaxWaitTimeInSeconds", 200}};
  return job;
}

json::object pooled(json::object job) {
  job["ResourceConfig"].as_object()["KeepAlivePeriodInSeconds"] = 60;
  return job;
}

std::string pool_of(const json::object& job) {
  const json::value* status = at_path(job, "WarmPoolStatus.Status");
  return status == nullptr ? "" : std::string(status->as_string());
}

TEST_F(TrainingTest, InstancesOfGroupsSeeEachOtherAndTheirChannels) {
  json::object input = with_groups(request());
  source_of(input)["InstanceGroupNames"] = json::array{"small"};
  source_of(input)["S3DataDistributionType"] = "ShardedByS3Key";
  call("CreateTrainingJob", input);
  controller.reconcile(key());
  const std::vector<JobSpec>& gang = workloads.gangs.begin()->second;
  ASSERT_EQ(gang.size(), 3u);
  EXPECT_TRUE(gang[0].inputs.empty());
  ASSERT_EQ(gang[2].inputs.size(), 1u);
  EXPECT_EQ(gang[2].inputs[0].share.count, 1);
  EXPECT_EQ(gang[2].log_stream, "churn-1/algo-3-1790000000000");
  EXPECT_EQ(gang[0].limits.cpus, 4);
  EXPECT_EQ(gang[2].limits.cpus, 2);
  EXPECT_TRUE(gang[1].network);
  EXPECT_EQ(gang[1].environment.at("SM_CURRENT_HOST"), "algo-2");
  EXPECT_EQ(gang[1].environment.at("SM_HOSTS"), R"(["algo-1","algo-2","algo-3"])");
  const json::value& resources = gang[2].config_files.at("input/config/resourceconfig.json");
  EXPECT_EQ(resources.at("current_host"), "algo-3");
  EXPECT_EQ(resources.at("current_group_name"), "small");
  EXPECT_EQ(resources.at("instance_groups").as_array()[0].at("hosts"),
            (json::array{"algo-1", "algo-2"}));
  EXPECT_FALSE(
      gang[0].config_files.at("input/config/inputdataconfig.json").as_object().contains("train"));

  input["TrainingJobName"] = "other";
  source_of(input)["InstanceGroupNames"] = json::array{"none"};
  EXPECT_NE(error_of("CreateTrainingJob", input).find("\"none\""), std::string::npos);
}

TEST_F(TrainingTest, PipesAndManifestsFollowTheReference) {
  json::object input = request();
  json::object& channel = input["InputDataConfig"].as_array()[0].as_object();
  source_of(input)["S3DataType"] = "AugmentedManifestFile";
  source_of(input)["AttributeNames"] = json::array{"source-ref", "class"};
  EXPECT_NE(error_of("CreateTrainingJob", input).find("input mode is Pipe"), std::string::npos);
  channel["InputMode"] = "Pipe";
  channel["RecordWrapperType"] = "RecordIO";
  channel["ShuffleConfig"] = {{"Seed", 7}};
  call("CreateTrainingJob", input);
  controller.reconcile(key());
  const InputSpec& spec = workloads.gangs.begin()->second[0].inputs.at(0);
  EXPECT_TRUE(spec.pipe && spec.record_io);
  EXPECT_EQ(spec.shuffle_seed, 7u);
  EXPECT_EQ(spec.attributes, (std::vector<std::string>{"source-ref", "class"}));
  EXPECT_EQ(spec.source, InputSpec::Source::kAugmentedManifest);
  // As the agent reads it.
  const JobSpec read = job_spec_from_json(to_json(workloads.gangs.begin()->second[0]));
  EXPECT_EQ(read.inputs.at(0).shuffle_seed, 7u);
  EXPECT_EQ(read.inputs.at(0).attributes, spec.attributes);

  input["TrainingJobName"] = "other";
  source_of(input).erase("AttributeNames");
  EXPECT_NE(error_of("CreateTrainingJob", input).find("AttributeNames"), std::string::npos);
}

TEST_F(TrainingTest, AnInterruptedJobGoesOnWithinItsTimes) {
  call("CreateTrainingJob", spot(request()));
  controller.reconcile(key());
  const std::string first = run_id();
  step(RunPhase::kRunning);
  clock.advance(std::chrono::seconds(30));
  // Values that came with no other news.
  workloads.runs.begin()->second.metrics = {{"train:auc", 0.5, clock.now()},
                                            {"validation:auc", 0.4, clock.now()}};
  end({RunOutcome::Kind::kInterrupted, 0, ""});
  EXPECT_EQ(describe().at("FinalMetricDataList").as_array().size(), 2u);
  EXPECT_EQ(describe().at("SecondaryStatus"), "Interrupted");
  EXPECT_EQ(describe().at("TrainingJobStatus"), "InProgress");
  EXPECT_TRUE(workloads.runs.empty());
  clock.advance(std::chrono::seconds(40));  // waits
  controller.reconcile(key());
  ASSERT_EQ(workloads.runs.size(), 1u);
  EXPECT_NE(run_id(), first);
  // 31.5 s of 100 are used up.
  EXPECT_EQ(workloads.runs.begin()->second.spec.limits.max_runtime.count(), 69);
  step(RunPhase::kRunning);
  workloads.runs.begin()->second.metrics = {{"train:auc", 0.75, clock.now()}};
  end({RunOutcome::Kind::kSucceeded, 0, ""});
  const json::object job = describe();
  const json::array& metrics = job.at("FinalMetricDataList").as_array();
  ASSERT_EQ(metrics.size(), 2u);
  EXPECT_EQ(metrics[0].at("Value"), 0.75);
  EXPECT_EQ(metrics[1].at("Value"), 0.4);  // of the first run
  EXPECT_EQ(job.at("TrainingJobStatus"), "Completed");
  EXPECT_EQ(job.at("TrainingTimeInSeconds"), 33);  // 31.5 + 1.5, the waiting does not count
  EXPECT_EQ(transitions(job), (std::vector<std::string>{"Starting", "Training", "Interrupted",
                                                        "Starting", "Training", "Completed"}));
}

TEST_F(TrainingTest, MaxWaitTimeEndsAJobThatWaitsAndOneThatRuns) {
  call("CreateTrainingJob", spot(request()));
  const auto wait = controller.reconcile(key());
  ASSERT_TRUE(wait);
  EXPECT_EQ(*wait, std::chrono::seconds(200));
  clock.advance(std::chrono::seconds(200));
  controller.reconcile(key());
  EXPECT_TRUE(workloads.runs.begin()->second.stop_requested);
  end({RunOutcome::Kind::kStopped, 0, ""});
  const json::object job = describe();
  EXPECT_EQ(job.at("TrainingJobStatus"), "Stopped");
  EXPECT_EQ(job.at("SecondaryStatus"), "MaxWaitTimeExceeded");
  EXPECT_TRUE(workloads.runs.empty());
}

TEST_F(TrainingTest, AWarmPoolIsKeptReusedAndEnds) {
  call("CreateTrainingJob", pooled(request()));
  controller.reconcile(key());
  const std::string first = run_id();
  EXPECT_TRUE(workloads.runs.at(first).spec.keeps_place);
  step(RunPhase::kRunning);
  EXPECT_EQ(pool_of(describe()), "InUse");
  end({RunOutcome::Kind::kSucceeded, 0, ""});
  EXPECT_EQ(pool_of(describe()), "Available");
  EXPECT_TRUE(workloads.runs.contains(first)) << "its place is kept";
  EXPECT_TRUE(
      error_of("DeleteTrainingJob", {{"TrainingJobName", "churn-1"}}).starts_with("ResourceInUse"));
  clock.advance(std::chrono::seconds(10));

  json::object other = pooled(request("other-type"));
  other["ResourceConfig"].as_object()["InstanceType"] = "ml.m5.large";
  call("CreateTrainingJob", other);
  controller.reconcile(key("other-type"));
  EXPECT_EQ(pool_of(describe()), "Available");

  call("CreateTrainingJob", pooled(request("second")));
  controller.reconcile(key("second"));
  const json::object reused = describe();
  EXPECT_EQ(pool_of(reused), "Reused");
  EXPECT_EQ(at_path(reused, "WarmPoolStatus.ReusedByJob")->as_string(), "second");
  EXPECT_EQ(*at_path(reused, "WarmPoolStatus.ResourceRetainedBillableTimeInSeconds"), 10);
  EXPECT_FALSE(workloads.runs.contains(first));
  EXPECT_EQ(call("ListTrainingJobs", {{"WarmPoolStatusEquals", "Reused"}})
                .at("TrainingJobSummaries")
                .as_array()
                .size(),
            1u);
}

TEST_F(TrainingTest, AWarmPoolEndsAfterItsTimeAlsoWhenThatIsChanged) {
  call("CreateTrainingJob", pooled(request()));
  controller.reconcile(key());
  end({RunOutcome::Kind::kSucceeded, 0, ""});
  TrainingController after(documents, workloads, roles, s3, images, clock);
  EXPECT_EQ(after.pending(), std::vector{key()}) << "a new server goes on watching it";
  call("UpdateTrainingJob",
       {{"TrainingJobName", "churn-1"}, {"ResourceConfig", {{"KeepAlivePeriodInSeconds", 100}}}});
  clock.advance(std::chrono::seconds(60));
  EXPECT_EQ(*controller.reconcile(key()), std::chrono::seconds(40));
  clock.advance(std::chrono::seconds(40));
  controller.reconcile(key());
  controller.reconcile(key());
  EXPECT_EQ(pool_of(describe()), "Terminated");
  EXPECT_EQ(*at_path(describe(), "WarmPoolStatus.ResourceRetainedBillableTimeInSeconds"), 100);
  EXPECT_TRUE(workloads.runs.empty());
  EXPECT_NE(error_of("UpdateTrainingJob", {{"TrainingJobName", "churn-1"},
                                           {"ResourceConfig", {{"KeepAlivePeriodInSeconds", 5}}}})
                .find("no warm pool"),
            std::string::npos);
}

TEST_F(TrainingTest, RemoteDebuggingIsSwitchedWhileItTrains) {
  call("CreateTrainingJob", request());
  const json::object change{{"TrainingJobName", "churn-1"},
                            {"RemoteDebugConfig", {{"EnableRemoteDebug", true}}}};
  EXPECT_NE(error_of("UpdateTrainingJob", change).find("Downloading or Training"),
            std::string::npos);
  controller.reconcile(key());
  step(RunPhase::kRunning);
  call("UpdateTrainingJob", change);
  EXPECT_TRUE(at_path(describe(), "RemoteDebugConfig.EnableRemoteDebug")->as_bool());
}

TEST_F(TrainingTest, SessionTagsOfTheCallerGoOnWhenAsked) {
  principal.session_tags = {{"team", "red"}};
  call("CreateTrainingJob", request("plain"));
  controller.reconcile(key("plain"));
  EXPECT_TRUE(roles.opened_tags.empty());
  json::object input = request();
  input["SessionChainingConfig"] = {{"EnableSessionTagChaining", true}};
  call("CreateTrainingJob", input);
  controller.reconcile(key());
  EXPECT_EQ(roles.opened_tags, (SessionTags{{"team", "red"}}));
}

TEST_F(TrainingTest, CheckpointsAreKeptBelowTheContract) {
  json::object input = request();
  input["CheckpointConfig"] = {{"S3Uri", "s3://data/cp"}, {"LocalPath", "/opt/ml/model/x"}};
  EXPECT_NE(error_of("CreateTrainingJob", input).find("LocalPath"), std::string::npos);
  input["CheckpointConfig"] = {{"S3Uri", "s3://data/cp"}};
  call("CreateTrainingJob", input);
  controller.reconcile(key());
  const JobSpec& spec = workloads.runs.begin()->second.spec;
  EXPECT_EQ(spec.outputs.back().local_path, "/opt/ml/checkpoints");
  EXPECT_EQ(spec.outputs.back().s3_uri, "s3://data/cp");
  EXPECT_TRUE(spec.outputs.back().continuous);
  EXPECT_TRUE(spec.inputs.back().optional);
}

}  // namespace
}  // namespace clary::api::sagemaker
