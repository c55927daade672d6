#include "api/sagemaker/notebook_controller.h"

#include "api/sagemaker/notebook_test_support.h"

namespace clary::api::sagemaker {
namespace {

using engine::RunPhase;
using Outcome = engine::RunOutcome::Kind;

TEST_F(NotebookTest, AnInstanceComesIntoServiceOnItsVolume) {
  create({{"KmsKeyId", "mine"}, {"VolumeSizeInGB", 7}});
  settle();
  ASSERT_EQ(workloads.runs.size(), 1u);
  EXPECT_EQ(status(), "Pending");
  EXPECT_FALSE(route());
  EXPECT_TRUE(volume().is_open);
  EXPECT_EQ(volume().bytes, std::uint64_t{7} << 30);
  EXPECT_EQ(volume_keys.asked_as, kRole);
  const store::Document stored = *documents.find(key);
  const json::object& sealed = stored.internal.at("key").as_object();
  EXPECT_EQ(volume_key_from_json(sealed).kms_key, "arn:aws:kms:us-west-2:000000000000:key/mine");
  EXPECT_EQ(stored.internal.at("volume").as_string(), storage.volumes.begin()->first);

  const JobSpec& spec = workloads.runs.begin()->second.spec;
  EXPECT_EQ(spec.mode, JobSpec::Mode::kServe);
  EXPECT_EQ(spec.launch, Launch::kEnvironment);
  EXPECT_EQ(spec.kind, "notebook-instance");
  EXPECT_EQ(spec.command, std::vector<std::string>{"notebook"});
  ASSERT_EQ(spec.mounts.size(), 1u);
  EXPECT_EQ(spec.mounts[0].host, "/volumes/" + storage.volumes.begin()->first);
  EXPECT_EQ(spec.mounts[0].path, "/home/ec2-user/SageMaker");
  EXPECT_EQ(spec.health_path, "/000000000000/us-west-2/Lab/api");
  EXPECT_EQ(spec.unhealthy_pings, 0);
  EXPECT_EQ(spec.start_attempts, 1);
  EXPECT_TRUE(spec.network);
  EXPECT_EQ(spec.log_group, "/aws/sagemaker/NotebookInstances");
  EXPECT_EQ(spec.log_stream, "Lab/jupyter.log");
  EXPECT_EQ(spec.config_files.at("metadata/resource-metadata.json"),
            (json::object{{"ResourceArn", kArn}, {"ResourceName", "Lab"}}));
  EXPECT_EQ(configuration().at("base_path"), "/000000000000/us-west-2/Lab");
  EXPECT_EQ(configuration().at("repositories"), json::array());
  EXPECT_EQ(configuration().at("token").as_string().size(), 64u);

  workloads.enter(run_id(), RunPhase::kServing);
  settle();
  EXPECT_EQ(status(), "InService");
  ASSERT_TRUE(route());
  EXPECT_EQ(route()->unix_path, "/run/" + run_id());
  EXPECT_EQ(route()->token, configuration().at("token").as_string());
}

TEST_F(NotebookTest, WithoutDirectInternetAccessThereIsNoNetwork) {
  create({{"DirectInternetAccess", "Disabled"}, {"SubnetId", "subnet-1"}});
  settle();
  EXPECT_FALSE(workloads.runs.begin()->second.spec.network);
}

TEST_F(NotebookTest, OnCreateIsForTheFirstStartOnStartForEach) {
  call("CreateNotebookInstanceLifecycleConfig", {{"NotebookInstanceLifecycleConfigName", "setup"},
                                                 {"OnCreate", {{{"Content", "b25jZQ=="}}}},
                                                 {"OnStart", {{{"Content", "ZXZlcnk="}}}}});
  call("CreateCodeRepository",
       {{"CodeRepositoryName", "repo"},
        {"GitConfig", {{"RepositoryUrl", "https://git.test/r.git"}, {"Branch", "b"}}}});
  create({{"LifecycleConfigName", "setup"},
          {"DefaultCodeRepository", "repo"},
          {"AdditionalCodeRepositories", json::array{"https://git.test/b"}}});
  settle();
  EXPECT_EQ(configuration().at("on_create"), "b25jZQ==");
  EXPECT_EQ(configuration().at("on_start"), "ZXZlcnk=");
  EXPECT_TRUE(configuration().at("lifecycle_arn").as_string().ends_with("-config/setup"));
  EXPECT_EQ(configuration().at("repositories"),
            (json::array{"https://git.test/r.git", "https://git.test/b"}));
  EXPECT_EQ(configuration().at("branches"), (json::object{{"https://git.test/r.git", "b"}}));
  // Never in service: the script of the first start comes again.
  end(Outcome::kFailed, "AlgorithmError: OnStart failed., exit code: 1");
  EXPECT_EQ(describe().at("FailureReason"), "OnStart failed.");
  start();
  settle();
  EXPECT_EQ(configuration().at("on_create"), "b25jZQ==");
  serve();
  stop();
  settle();
  end(Outcome::kStopped);
  start();
  settle();
  EXPECT_EQ(configuration().at("on_create"), "");
  EXPECT_EQ(configuration().at("on_start"), "ZXZlcnk=");
  // What it names can be deleted meanwhile.
  end(Outcome::kFailed);
  call("DeleteNotebookInstanceLifecycleConfig", {{"NotebookInstanceLifecycleConfigName", "setup"}});
  start();
  settle();
  EXPECT_EQ(status(), "Failed");
  EXPECT_TRUE(describe().at("FailureReason").as_string().starts_with("Unable to find"));
  EXPECT_FALSE(volume().is_open);
}

TEST_F(NotebookTest, StoppingEndsTheRunBeforeTheVolumeIsClosed) {
  create();
  serve();
  const std::string first = run_id(), token = route()->token;
  stop();
  settle();
  EXPECT_EQ(status(), "Stopping");
  EXPECT_FALSE(route());
  EXPECT_TRUE(workloads.runs.at(first).stop_requested);
  EXPECT_TRUE(volume().is_open) << "JupyterLab still runs";
  end(Outcome::kStopped);
  EXPECT_EQ(status(), "Stopped");
  EXPECT_TRUE(workloads.runs.empty()) << "forgotten";
  EXPECT_FALSE(volume().is_open);
  start();
  serve();
  EXPECT_NE(run_id(), first);
  EXPECT_NE(route()->token, token) << "each start has a secret of its own";
  EXPECT_EQ(volume_keys.made, 1) << "the volume's key stays";
}

TEST_F(NotebookTest, AVolumeThatIsGoneIsNotReplacedByAnEmptyOne) {
  create();
  serve();
  stop();
  settle();
  end(Outcome::kStopped);
  storage.volumes.clear();
  start();
  settle();
  EXPECT_EQ(status(), "Failed");
  EXPECT_TRUE(std::string(describe().at("FailureReason").as_string())
                  .ends_with("is not there any more. Restore it from a backup, or delete the "
                             "notebook instance."));
  EXPECT_TRUE(storage.volumes.empty());
}

TEST_F(NotebookTest, DeletingTakesTheVolumeAlong) {
  create();
  serve();
  stop();
  settle();
  end(Outcome::kStopped);
  ASSERT_EQ(storage.volumes.size(), 1u);
  call("DeleteNotebookInstance", {{"NotebookInstanceName", "Lab"}});
  EXPECT_EQ(status(), "Deleting");
  settle();
  EXPECT_TRUE(storage.volumes.empty());
  EXPECT_EQ(error_of_lab("DescribeNotebookInstance"), "ValidationException: RecordNotFound");
  create();
  settle();
  EXPECT_EQ(volume_keys.made, 2) << "one of the same name is another instance";
}

TEST_F(NotebookTest, ALostRunIsFollowedByAnotherButNotForEver) {
  create();
  serve();
  const std::string first = run_id();
  end(Outcome::kAgentLost, "The agent was killed.");
  EXPECT_EQ(status(), "Pending");
  EXPECT_FALSE(route());
  ASSERT_EQ(workloads.runs.size(), 1u);
  EXPECT_NE(run_id(), first);
  serve();
  end(Outcome::kAgentLost, "The agent was killed.");
  serve();
  end(Outcome::kAgentLost, "The agent was killed.");
  EXPECT_EQ(status(), "Failed");
  EXPECT_EQ(describe().at("FailureReason"),
            "The notebook instance was lost 3 times in a row. The agent was killed.");
  EXPECT_FALSE(volume().is_open);
  EXPECT_TRUE(workloads.runs.empty());
  start();
  EXPECT_FALSE(describe().contains("FailureReason"));
  serve();
  EXPECT_EQ(storage.volumes.size(), 1u) << "the files are still there";
}

TEST_F(NotebookTest, ARunThatWasWellDoesNotCountWithThoseBefore) {
  create();
  for (int i = 0; i < 5; ++i) {
    serve();
    clock.advance(std::chrono::minutes(6));
    end(Outcome::kAgentLost);
    EXPECT_EQ(status(), "Pending");
  }
}

TEST_F(NotebookTest, WhileJupyterStartsAnewThereIsNoWayToIt) {
  create();
  serve();
  workloads.enter(run_id(), RunPhase::kStarting);
  settle();
  EXPECT_FALSE(route());
  EXPECT_EQ(status(), "InService");
  EXPECT_TRUE(error_of_lab("CreatePresignedNotebookInstanceUrl")
                  .ends_with("is starting again. Try again in a few seconds."));
  workloads.enter(run_id(), RunPhase::kServing);
  settle();
  EXPECT_TRUE(route());
  for (int i = 0; i < 2; ++i) workloads.enter(run_id(), RunPhase::kStarting);
  settle();
  EXPECT_EQ(status(), "InService");
  workloads.enter(run_id(), RunPhase::kStarting);
  settle();
  EXPECT_TRUE(workloads.runs.begin()->second.stop_requested);
  end(Outcome::kStopped);
  EXPECT_EQ(status(), "Failed");
  EXPECT_TRUE(
      describe().at("FailureReason").as_string().starts_with("JupyterLab did not come up again"));
}

TEST_F(NotebookTest, WhatKeepsItFromStartingIsItsFailureReason) {
  const auto reason = [&] {
    settle();
    EXPECT_EQ(status(), "Failed");
    EXPECT_TRUE(workloads.runs.empty());
    return string_or(describe(), "FailureReason");
  };
  environments.missing = true;
  create({{"KmsKeyId", "mine"}});
  EXPECT_EQ(reason(), "Make it with `clary env-create notebook`.");
  EXPECT_TRUE(storage.volumes.empty());
  environments.missing = false;
  volume_keys.disabled = true;
  start();
  EXPECT_EQ(reason(),
            "The KMS key arn:aws:kms:us-west-2:000000000000:key/mine of the storage volume cannot "
            "be used: arn:key is disabled.");
  EXPECT_TRUE(storage.volumes.empty());
  volume_keys.disabled = false;
  storage.broken = true;
  start();
  EXPECT_EQ(reason(), "The storage volume cannot be opened: no room for it");
  storage.broken = false;
  roles.revoked = true;
  start();
  EXPECT_EQ(reason(), role_refused(kRole));
  roles.revoked = false;
  start();
  serve();
  stop();
  settle();
  end(Outcome::kStopped);
  // The key of a volume with files on it is disabled.
  volume_keys.disabled = true;
  start();
  EXPECT_TRUE(reason().ends_with("is disabled."));
  EXPECT_FALSE(volume().is_open);
  volume_keys.disabled = false;
  start();
  serve();
  EXPECT_EQ(volume_keys.made, 1);
}

// As after a kill of the server: another controller over the same documents goes on.
TEST_F(NotebookTest, AnotherServerGoesOn) {
  create();
  settle();
  const std::string run = run_id();
  const auto another = [&] {
    engine::NotebookRoutes fresh;
    NotebookController next({.documents = documents,
                             .workloads = workloads,
                             .roles = roles,
                             .environments = environments,
                             .keys = volume_keys,
                             .storage = storage,
                             .routes = fresh,
                             .access = access,
                             .clock = clock});
    EXPECT_EQ(next.pending(), std::vector{key});
    next.reconcile(key);
    return fresh.find(notebook_name(key));
  };
  EXPECT_FALSE(another());
  EXPECT_EQ(run_id(), run);
  // Killed before the run was submitted: the same run is.
  const std::string token = string_or(documents.find(key)->internal, "token");
  workloads.runs.clear();
  EXPECT_FALSE(another());
  EXPECT_EQ(run_id(), run);
  EXPECT_EQ(configuration().at("token").as_string(), token);
  serve();
  const auto published = another();
  ASSERT_TRUE(published);
  EXPECT_EQ(published->token, token);
}

TEST_F(NotebookTest, QuotasCountWhatRuns) {
  store::Database quota_database{folder / "quotas.db", {Quotas::migrations()}};
  Quotas quotas{quota_database};
  SageMaker limited{{.documents = documents,
                     .roles = roles,
                     .s3 = s3,
                     .wake = [](const store::DocumentKey&) {},
                     .quotas = &quotas,
                     .notebooks = {.access = &access, .storage = &storage, .routes = &routes}}};
  operations.clear();
  for (OperationEntry& entry : limited.operations()) {
    operations.emplace(entry.name, std::move(entry.plain));
  }
  quotas.set({.account = "", .name = "ml.t3.medium for notebook instance usage", .instances = 1});
  create();
  const std::string full =
      error_of("CreateNotebookInstance", request({{"NotebookInstanceName", "second"}}));
  EXPECT_TRUE(
      full.starts_with("ResourceLimitExceeded: The account-level service limit "
                       "'ml.t3.medium for notebook instance usage' is 1 Instances"))
      << full;
  serve();
  stop();
  settle();
  end(Outcome::kStopped);
  call("CreateNotebookInstance", request({{"NotebookInstanceName", "second"}}));
  EXPECT_TRUE(error_of_lab("StartNotebookInstance").starts_with("ResourceLimitExceeded: "));
}

}  // namespace
}  // namespace clary::api::sagemaker
