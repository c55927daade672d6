// The controller over the real store and the real service, with runs that go where the test says.
#include "api/sagemaker/tuning_controller.h"

#include "api/sagemaker/images.h"
#include "api/sagemaker/test_server.h"
#include "api/sagemaker/training_jobs.h"

namespace clary::api::sagemaker {
namespace {

json::object tuning_request(std::string_view strategy = "Random") {
  return {
      {"HyperParameterTuningJobName", "search"},
      {"HyperParameterTuningJobConfig",
       {{"Strategy", strategy},
        {"RandomSeed", 3},
        {"ResourceLimits", {{"MaxNumberOfTrainingJobs", 5}, {"MaxParallelTrainingJobs", 2}}},
        {"HyperParameterTuningJobObjective",
         {{"Type", "Maximize"}, {"MetricName", "validation:auc"}}},
        {"ParameterRanges",
         {{"ContinuousParameterRanges",
           json::array{
               json::object{{"Name", "eta"}, {"MinValue", "0.1"}, {"MaxValue", "0.9"}}}}}}}},
      {"TrainingJobDefinition",
       {{"AlgorithmSpecification",
         {{"TrainingImage", "246618743249.dkr.ecr.us-west-2.amazonaws.com/sagemaker-xgboost:1.7-1"},
          {"TrainingInputMode", "File"}}},
        {"RoleArn", "arn:aws:iam::000000000000:role/Execution"},
        {"StaticHyperParameters", {{"num_round", "10"}}},
        {"InputDataConfig",
         json::array{json::object{
             {"ChannelName", "train"},
             {"DataSource",
              {{"S3DataSource", {{"S3DataType", "S3Prefix"}, {"S3Uri", "s3://data/train"}}}}}}}},
        {"OutputDataConfig", {{"S3OutputPath", "s3://data/out/"}}},
        {"ResourceConfig",
         {{"InstanceType", "ml.m5.xlarge"}, {"InstanceCount", 1}, {"VolumeSizeInGB", 5}}},
        {"StoppingCondition", {{"MaxRuntimeInSeconds", 600}}}}}};
}

class TuningTest : public SageMakerTest {
 protected:
  json::object describe() {
    return call("DescribeHyperParameterTuningJob", {{"HyperParameterTuningJobName", "search"}});
  }
  json::array jobs() {
    return call("ListTrainingJobsForHyperParameterTuningJob",
                {{"HyperParameterTuningJobName", "search"}, {"MaxResults", 100}})
        .at("TrainingJobSummaries")
        .as_array();
  }
  std::string status() { return string_or(describe(), "HyperParameterTuningJobStatus"); }
  std::int64_t counter(std::string_view name) {
    return find_int(describe().at("TrainingJobStatusCounters").as_object(), name).value_or(-1);
  }
  // Steps until nothing is to be done at once.
  void settle() {
    for (int i = 0; i < 50; ++i) {
      const auto again = controller->reconcile(key);
      if (!again || again->count() > 0) return;
    }
  }
  // Ends a running training job with this value; nullopt: it fails.
  void end(const std::string& name, std::optional<double> value) {
    const store::DocumentKey job{"training-job", "000000000000", "us-west-2", name};
    training.reconcile(job);
    const std::string run = string_or(documents.find(job)->internal, kRunId);
    clock.advance(std::chrono::seconds(1));
    if (value) workloads.runs.at(run).metrics = {{"validation:auc", *value, clock.now()}};
    workloads.end(run, {.kind = value ? engine::RunOutcome::Kind::kSucceeded
                                      : engine::RunOutcome::Kind::kFailed,
                        .reason = "AlgorithmError: bad"});
    training.reconcile(job);
  }
  std::vector<std::string> running() {
    std::vector<std::string> names;
    for (const json::value& job : jobs()) {
      if (string_or(job.as_object(), "TrainingJobStatus") == "InProgress") {
        names.push_back(string_or(job.as_object(), "TrainingJobName"));
      }
    }
    return names;
  }
  std::unique_ptr<TuningController> new_controller() {
    return std::make_unique<TuningController>(TuningController::Parts{
        .documents = documents,
        .clock = clock,
        .create =
            [this](const store::DocumentKey& owner, const identity::Principal& caller,
                   const json::object& input, const std::function<void(store::Document&)>& finish) {
              if (refuse) throw wire::ApiError(*refuse, "no more");
              service.create_training_job({model, caller, owner.account, owner.region, clock.now()},
                                          input, finish);
              if (die_after_create) throw std::runtime_error("killed");
            },
        .values = [](const store::DocumentKey&, const std::string&) { return Curve(); },
        .publish =
            [this](const store::DocumentKey& job, const std::map<std::string, double>& shares) {
              EXPECT_EQ(job, key);
              published.push_back(shares);
            },
        .wake = [this](const store::DocumentKey& woke) { woken.push_back(woke); }});
  }

  const store::DocumentKey key{"hyper-parameter-tuning-job", "000000000000", "us-west-2", "search"};
  TestWorkloads workloads{clock};
  Images images;
  TrainingController training{
      documents, workloads, roles, s3, images, clock, [this](const store::DocumentKey& woke) {
        woken.push_back(woke);
      }};
  std::vector<std::map<std::string, double>> published;
  std::optional<std::string> refuse;
  bool die_after_create = false;
  std::unique_ptr<TuningController> controller = new_controller();
};

TEST_F(TuningTest, RunsToItsEnd) {
  call("CreateHyperParameterTuningJob", tuning_request());
  settle();
  EXPECT_EQ(running().size(), 2U);
  for (double value = 0.5; !running().empty(); value += 0.1) {
    end(running().front(), value);
    settle();
  }
  EXPECT_EQ(status(), "Completed");
  EXPECT_EQ(counter("Completed"), 5);
  const json::object best = describe().at("BestTrainingJob").as_object();
  EXPECT_NEAR(best.at("FinalHyperParameterTuningJobObjectiveMetric").at("Value").as_double(), 0.9,
              1e-9);
}

// The hyperparameter that decides the objective has nearly all of the importance, told once for
// each training job that ends, from the fourth on.
TEST_F(TuningTest, TellsWhatMatters) {
  json::object request = tuning_request();
  json::object& config = request["HyperParameterTuningJobConfig"].as_object();
  config["ResourceLimits"] = {{"MaxNumberOfTrainingJobs", 12}, {"MaxParallelTrainingJobs", 1}};
  config["ParameterRanges"].as_object()["ContinuousParameterRanges"].as_array().push_back(
      {{"Name", "gamma"}, {"MinValue", "0"}, {"MaxValue", "5"}});
  call("CreateHyperParameterTuningJob", request);
  settle();
  while (!running().empty()) {
    const std::string name = running().front();
    const json::value eta = documents.find({"training-job", "000000000000", "us-west-2", name})
                                ->body.at("HyperParameters")
                                .at("eta");
    end(name, std::stod(std::string(eta.as_string())));
    settle();
  }
  EXPECT_EQ(status(), "Completed");
  ASSERT_EQ(published.size(), 9U);
  EXPECT_GT(published.back().at("eta"), 0.8);
  EXPECT_NEAR(published.back().at("eta") + published.back().at("gamma"), 1, 1e-9);
}

TEST_F(TuningTest, ATrainingJobThatChangesWakesItsOwner) {
  call("CreateHyperParameterTuningJob", tuning_request());
  settle();
  woken.clear();
  end(running().front(), 0.5);
  EXPECT_NE(std::ranges::find(woken, key), woken.end());
}

// The server dies after a training job was stored, before the controller knew: it is found again,
// not made a second time.
TEST_F(TuningTest, NothingIsRepeatedOrLost) {
  call("CreateHyperParameterTuningJob", tuning_request("Bayesian"));
  std::vector<std::string> chosen;
  for (int round = 0; round < 12 && status() == "InProgress"; ++round) {
    die_after_create = true;
    try {
      settle();
    } catch (const std::runtime_error&) {
    }
    die_after_create = false;
    controller = new_controller();
    settle();
    if (!running().empty()) end(running().front(), 0.5 + 0.01 * round);
  }
  settle();
  EXPECT_EQ(status(), "Completed");
  std::set<std::string> names, values;
  for (const json::value& job : jobs()) {
    names.insert(string_or(job.as_object(), "TrainingJobName").substr(0, 10));
    values.insert(json::serialize(job.at("TunedHyperParameters")));
  }
  EXPECT_EQ(names, (std::set<std::string>{"search-001", "search-002", "search-003", "search-004",
                                          "search-005"}));
  EXPECT_EQ(values.size(), 5U);
}

TEST_F(TuningTest, StopsItsTrainingJobs) {
  call("CreateHyperParameterTuningJob", tuning_request());
  settle();
  const auto names = running();
  call("StopHyperParameterTuningJob", {{"HyperParameterTuningJobName", "search"}});
  EXPECT_EQ(status(), "Stopping");
  settle();
  EXPECT_TRUE(running().empty());  // they are Stopping
  for (const std::string& name : names) {
    const store::DocumentKey job{"training-job", "000000000000", "us-west-2", name};
    training.reconcile(job);
    workloads.end(string_or(documents.find(job)->internal, kRunId),
                  {.kind = engine::RunOutcome::Kind::kStopped, .reason = {}});
    training.reconcile(job);
  }
  settle();
  EXPECT_EQ(status(), "Stopped");
  EXPECT_EQ(counter("Stopped"), 2);
}

TEST_F(TuningTest, AQuotaIsWaitedForAndARefusalEndsIt) {
  call("CreateHyperParameterTuningJob", tuning_request());
  refuse = "ResourceLimitExceeded";
  const auto again = controller->reconcile(key);
  ASSERT_TRUE(again);
  EXPECT_GT(again->count(), 0);
  EXPECT_EQ(status(), "InProgress");
  refuse = "ValidationException";
  settle();
  EXPECT_EQ(status(), "Failed");
  EXPECT_EQ(string_or(describe(), "FailureReason"), "ClientError: no more");
}

TEST_F(TuningTest, GivesUpAfterFiveFailures) {
  json::object request = tuning_request();
  request["HyperParameterTuningJobConfig"].as_object()["ResourceLimits"] = {
      {"MaxNumberOfTrainingJobs", 50}, {"MaxParallelTrainingJobs", 1}};
  call("CreateHyperParameterTuningJob", request);
  settle();
  while (!running().empty()) {
    end(running().front(), std::nullopt);
    settle();
  }
  EXPECT_EQ(status(), "Failed");
  EXPECT_EQ(counter("NonRetryableError"), 5);
}

// MaxRuntimeInSeconds of the whole search: what runs is stopped, and the job is Completed.
TEST_F(TuningTest, EndsWhenItsTimeIsUp) {
  json::object request = tuning_request();
  request["HyperParameterTuningJobConfig"].as_object()["ResourceLimits"] = {
      {"MaxNumberOfTrainingJobs", 50},
      {"MaxParallelTrainingJobs", 2},
      {"MaxRuntimeInSeconds", 120}};
  call("CreateHyperParameterTuningJob", request);
  settle();
  const auto names = running();
  ASSERT_EQ(names.size(), 2U);
  clock.advance(std::chrono::seconds(119));
  const auto again = controller->reconcile(key);
  ASSERT_TRUE(again);
  EXPECT_LE(*again, std::chrono::seconds(1));  // it wakes by itself
  EXPECT_EQ(running(), names);
  clock.advance(std::chrono::seconds(1));
  settle();
  EXPECT_TRUE(running().empty());
  EXPECT_EQ(status(), "InProgress");  // until they have stopped
  for (const std::string& name : names) {
    const store::DocumentKey job{"training-job", "000000000000", "us-west-2", name};
    training.reconcile(job);
    workloads.end(string_or(documents.find(job)->internal, kRunId),
                  {.kind = engine::RunOutcome::Kind::kStopped, .reason = {}});
    training.reconcile(job);
  }
  settle();
  EXPECT_EQ(status(), "Completed");
  EXPECT_EQ(jobs().size(), 2U);
  EXPECT_GE(find_int(describe().at("ConsumedResources").as_object(), "RuntimeInSeconds"), 120);
}

// A smooth objective whose bottom has been found ends a search that asks for it, long before its
// number of jobs.
TEST_F(TuningTest, EndsOnConvergence) {
  json::object request = tuning_request("Bayesian");
  json::object& config = request["HyperParameterTuningJobConfig"].as_object();
  config["ResourceLimits"] = {{"MaxNumberOfTrainingJobs", 100}, {"MaxParallelTrainingJobs", 1}};
  config["TuningJobCompletionCriteria"] = {
      {"ConvergenceDetected", {{"CompleteOnConvergence", "Enabled"}}}};
  call("CreateHyperParameterTuningJob", request);
  settle();
  while (!running().empty()) {
    const std::string name = running().front();
    const json::value eta = documents.find({"training-job", "000000000000", "us-west-2", name})
                                ->body.at("HyperParameters")
                                .at("eta");
    const double away = std::stod(std::string(eta.as_string())) - 0.3;
    end(name, 2 - away * away);
    settle();
  }
  EXPECT_EQ(status(), "Completed");
  EXPECT_GE(counter("Completed"), 12);
  EXPECT_LT(counter("Completed"), 60);
  EXPECT_TRUE(
      describe().at("TuningJobCompletionDetails").as_object().contains("ConvergenceDetectedTime"));
}

TEST_F(TuningTest, ANameMayBeUsedAgain) {
  call("CreateHyperParameterTuningJob", tuning_request());
  settle();
  call("StopHyperParameterTuningJob", {{"HyperParameterTuningJobName", "search"}});
  for (const json::value& job : jobs()) {
    end(string_or(job.as_object(), "TrainingJobName"), 0.5);
  }
  settle();
  call("DeleteHyperParameterTuningJob", {{"HyperParameterTuningJobName", "search"}});
  call("CreateHyperParameterTuningJob", tuning_request());
  EXPECT_TRUE(jobs().empty());
  settle();
  EXPECT_EQ(running().size(), 2U);
}

}  // namespace
}  // namespace clary::api::sagemaker
