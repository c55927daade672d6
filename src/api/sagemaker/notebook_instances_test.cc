#include "api/sagemaker/notebook_test_support.h"

namespace clary::api::sagemaker {
namespace {

TEST_F(NotebookTest, CreateKeepsWhatItIsGivenAndFillsInTheRest) {
  create(
      {{"Tags", {{{"Key", "team"}, {"Value", "a"}}}},
       {"SubnetId", "subnet-1"},
       {"SecurityGroupIds", json::array{"sg-1"}},
       {"InstanceMetadataServiceConfiguration", {{"MinimumInstanceMetadataServiceVersion", "2"}}}});
  EXPECT_EQ(woken.back(), key);
  const json::object shown = describe();
  EXPECT_EQ(shown.at("NotebookInstanceArn"), kArn);
  EXPECT_EQ(shown.at("NotebookInstanceName"), "Lab");
  EXPECT_EQ(shown.at("NotebookInstanceStatus"), "Pending");
  EXPECT_EQ(shown.at("Url"), "notebooks.test:8081/000000000000/us-west-2/Lab");
  EXPECT_EQ(shown.at("InstanceType"), "ml.t3.medium");
  EXPECT_EQ(shown.at("RoleArn"), kRole);
  EXPECT_EQ(shown.at("SubnetId"), "subnet-1");
  EXPECT_EQ(shown.at("SecurityGroups"), json::array{"sg-1"});
  EXPECT_EQ(shown.at("VolumeSizeInGB"), 5);
  EXPECT_EQ(shown.at("DirectInternetAccess"), "Enabled");
  EXPECT_EQ(shown.at("RootAccess"), "Enabled");
  EXPECT_EQ(shown.at("PlatformIdentifier"), "notebook-al2023-v1");
  EXPECT_EQ(shown.at("CreationTime"), 1'790'000'000.0);
  EXPECT_EQ(at_path(shown,
                    "InstanceMetadataServiceConfiguration.MinimumInstanceMetadataService"
                    "Version")
                ->as_string(),
            "2");
  EXPECT_FALSE(shown.contains("KmsKeyId"));
  EXPECT_FALSE(shown.contains("NetworkInterfaceId"));
  const json::object tags = call("ListTags", {{"ResourceArn", kArn}});
  EXPECT_EQ(tags.at("Tags").as_array().size(), 1u);
}

TEST_F(NotebookTest, CreateRefusesWhatCannotBe) {
  const auto refused = [&](const json::object& more) {
    const std::string error = error_of("CreateNotebookInstance", request(more));
    EXPECT_EQ(error_of_lab("DescribeNotebookInstance"), "ValidationException: RecordNotFound");
    return error;
  };
  EXPECT_EQ(refused({{"RoleArn", "arn:aws:iam::000000000000:role/Other"}}),
            "ValidationException: " + role_refused("arn:aws:iam::000000000000:role/Other"));
  EXPECT_EQ(refused({{"KmsKeyId", "gone"}}),
            "ValidationException: The KMS key of KmsKeyId cannot be used: Key 'gone' does not "
            "exist");
  EXPECT_TRUE(refused({{"LifecycleConfigName", "none"}})
                  .starts_with("ValidationException: Unable to find Notebook Instance Lifecycle"));
  EXPECT_TRUE(refused({{"DefaultCodeRepository", "none"}})
                  .starts_with("ValidationException: Cannot find CodeRepository:"));
  EXPECT_TRUE(refused({{"AdditionalCodeRepositories", json::array{"https://git.test/a", "none"}}})
                  .starts_with("ValidationException: Cannot find CodeRepository:"));
  EXPECT_TRUE(refused({{"AcceleratorTypes", json::array{"ml.eia1.medium"}}})
                  .starts_with("ValidationException: AcceleratorTypes"));
  EXPECT_TRUE(refused({{"DirectInternetAccess", "Disabled"}})
                  .starts_with("ValidationException: DirectInternetAccess"));
  EXPECT_TRUE(refused({{"SecurityGroupIds", json::array{"sg-1"}}})
                  .starts_with("ValidationException: SecurityGroupIds"));
  EXPECT_TRUE(refused({{"IpAddressType", "dualstack"}})
                  .starts_with("ValidationException: IpAddressType dualstack"));
  EXPECT_TRUE(refused({{"InstanceType", "ml.none.large"}}).starts_with("ValidationException: "));
  EXPECT_TRUE(refused({{"VolumeSizeInGB", 4}}).starts_with("ValidationException: "));
  storage.lacking = "its disk has no encryption";
  EXPECT_TRUE(refused({}).ends_with("cannot have such volumes: its disk has no encryption"));
  EXPECT_TRUE(woken.empty());
}

TEST_F(NotebookTest, ARepositoryThatNeedsCredentialsIsRefused) {
  call("CreateCodeRepository",
       {{"CodeRepositoryName", "private"},
        {"GitConfig",
         {{"RepositoryUrl", "https://git.test/r.git"},
          {"SecretArn", "arn:aws:secretsmanager:us-west-2:000000000000:secret:s"}}}});
  EXPECT_TRUE(error_of("CreateNotebookInstance", request({{"DefaultCodeRepository", "private"}}))
                  .starts_with("ValidationException: GitConfig.SecretArn of"));
}

TEST_F(NotebookTest, NamesAreUniqueUntilTheyAreDeleted) {
  create();
  EXPECT_EQ(error_of("CreateNotebookInstance", request()),
            "ValidationException: Cannot create a duplicate Notebook Instance (" +
                std::string(kArn) + ")");
}

TEST_F(NotebookTest, EachTransitionHasItsStatuses) {
  const auto refused = [&](std::string_view operation, std::string_view is, std::string_view from,
                           std::string_view to) {
    EXPECT_EQ(error_of_lab(operation), "ValidationException: Status (" + std::string(is) +
                                           ") not in ([" + std::string(from) +
                                           "]). Unable to transition to (" + std::string(to) +
                                           ") for Notebook Instance (" + std::string(kArn) + ").");
  };
  for (const auto operation :
       {"StartNotebookInstance", "StopNotebookInstance", "UpdateNotebookInstance",
        "DeleteNotebookInstance", "CreatePresignedNotebookInstanceUrl"}) {
    EXPECT_EQ(error_of_lab(operation), "ValidationException: RecordNotFound") << operation;
  }
  create();
  refused("StopNotebookInstance", "Pending", "InService", "Stopping");
  refused("StartNotebookInstance", "Pending", "Stopped, Failed", "Pending");
  refused("DeleteNotebookInstance", "Pending", "Stopped, Failed", "Deleting");
  refused("UpdateNotebookInstance", "Pending", "Stopped, Failed", "Updating");
  EXPECT_TRUE(error_of_lab("CreatePresignedNotebookInstanceUrl")
                  .starts_with("ValidationException: Status (Pending) not in ([InService])"));
  serve();
  refused("StartNotebookInstance", "InService", "Stopped, Failed", "Pending");
  refused("DeleteNotebookInstance", "InService", "Stopped, Failed", "Deleting");
  stop();
  refused("StopNotebookInstance", "Stopping", "InService", "Stopping");
  refused("StartNotebookInstance", "Stopping", "Stopped, Failed", "Pending");
  settle();
  end(engine::RunOutcome::Kind::kStopped);
  ASSERT_EQ(status(), "Stopped");
  refused("StopNotebookInstance", "Stopped", "InService", "Stopping");
}

TEST_F(NotebookTest, AUrlIsForWhoAskedAndAsLongAsTheyAsked) {
  create();
  serve();
  EXPECT_EQ(call("CreatePresignedNotebookInstanceUrl", {{"NotebookInstanceName", "Lab"}})
                .at("AuthorizedUrl")
                .as_string(),
            "https://notebooks.test:8081/000000000000/us-west-2/Lab?for=" + principal.arn +
                "&seconds=43200");
  const json::object input = {{"NotebookInstanceName", "Lab"},
                              {"SessionExpirationDurationInSeconds", 1800}};
  EXPECT_TRUE(call("CreatePresignedNotebookInstanceUrl", input)
                  .at("AuthorizedUrl")
                  .as_string()
                  .ends_with("&seconds=1800"));
}

TEST_F(NotebookTest, AnUpdateChangesAStoppedInstance) {
  call("CreateNotebookInstanceLifecycleConfig", {{"NotebookInstanceLifecycleConfigName", "setup"}});
  create({{"VolumeSizeInGB", 10},
          {"LifecycleConfigName", "setup"},
          {"DefaultCodeRepository", "https://git.test/a"},
          {"AdditionalCodeRepositories", json::array{"https://git.test/b"}}});
  serve();
  stop();
  settle();
  end(engine::RunOutcome::Kind::kStopped);
  EXPECT_EQ(describe().at("NotebookInstanceLifecycleConfigName"), "setup");
  const auto update = [&](const json::object& more) {
    json::object input = {{"NotebookInstanceName", "Lab"}};
    for (const auto& [member, value] : more) input[member] = value;
    return error_of("UpdateNotebookInstance", input);
  };
  EXPECT_EQ(update({{"VolumeSizeInGB", 9}}),
            "ValidationException: VolumeSizeInGB of the Notebook Instance (" + std::string(kArn) +
                ") can be increased, but not decreased: it is 10.");
  EXPECT_TRUE(update({{"LifecycleConfigName", "none"}}).starts_with("ValidationException: Unable"));
  EXPECT_TRUE(update({{"RoleArn", "arn:aws:iam::000000000000:role/Other"}})
                  .starts_with("ValidationException: Could not assume role"));
  EXPECT_TRUE(update({{"LifecycleConfigName", "setup"}, {"DisassociateLifecycleConfig", true}})
                  .starts_with("ValidationException: DisassociateLifecycleConfig"));
  EXPECT_EQ(update({{"VolumeSizeInGB", 12},
                    {"InstanceType", "ml.m5.xlarge"},
                    {"RootAccess", "Disabled"},
                    {"DisassociateLifecycleConfig", true},
                    {"DisassociateAdditionalCodeRepositories", true},
                    {"DefaultCodeRepository", "https://git.test/c"}}),
            "");
  const json::object shown = describe();
  EXPECT_EQ(shown.at("NotebookInstanceStatus"), "Stopped");
  EXPECT_EQ(shown.at("VolumeSizeInGB"), 12);
  EXPECT_EQ(shown.at("InstanceType"), "ml.m5.xlarge");
  EXPECT_EQ(shown.at("RootAccess"), "Disabled");
  EXPECT_EQ(shown.at("DefaultCodeRepository"), "https://git.test/c");
  EXPECT_FALSE(shown.contains("NotebookInstanceLifecycleConfigName"));
  EXPECT_FALSE(shown.contains("AdditionalCodeRepositories"));
  start();
  settle();
  EXPECT_EQ(volume().bytes, std::uint64_t{12} << 30);
  EXPECT_EQ(workloads.runs.begin()->second.spec.instance_type, "ml.m5.xlarge");
}

TEST_F(NotebookTest, ListsFilterByWhatIsAssociated) {
  call("CreateNotebookInstanceLifecycleConfig",
       {{"NotebookInstanceLifecycleConfigName", "Setup-gpu"}});
  create();
  clock.advance(std::chrono::seconds(1));
  create({{"NotebookInstanceName", "books"}, {"LifecycleConfigName", "Setup-gpu"}});
  clock.advance(std::chrono::seconds(1));
  create({{"NotebookInstanceName", "abc"},
          {"DefaultCodeRepository", "https://git.test/team/Main"},
          {"AdditionalCodeRepositories", json::array{"https://git.test/b"}}});
  using Names = std::vector<std::string>;
  std::string next;
  const auto names = [&](const json::object& input) {
    Names found;
    const json::object output = call("ListNotebookInstances", input);
    next = string_or(output, "NextToken");
    for (const json::value& entry : output.at("NotebookInstances").as_array()) {
      found.push_back(string_or(entry.as_object(), "NotebookInstanceName"));
      EXPECT_EQ(entry.at("Url").as_string(),
                "notebooks.test:8081/000000000000/us-west-2/" + found.back());
      EXPECT_EQ(entry.at("NotebookInstanceStatus"), "Pending");
    }
    return found;
  };
  EXPECT_EQ(names({{"SortBy", "CreationTime"}}), (Names{"Lab", "books", "abc"}));
  EXPECT_EQ(names({{"NameContains", "b"}, {"SortOrder", "Descending"}}).size(), 3u);
  EXPECT_EQ(names({{"NameContains", "boo"}}), Names{"books"});
  EXPECT_EQ(names({{"StatusEquals", "InService"}}), Names{});
  EXPECT_EQ(names({{"CreationTimeAfter", 1'790'000'001.5}}), Names{"abc"});
  EXPECT_EQ(names({{"NotebookInstanceLifecycleConfigNameContains", "gpu"}}), Names{"books"});
  EXPECT_EQ(names({{"DefaultCodeRepositoryContains", "main"}}), Names{"abc"});
  EXPECT_EQ(names({{"AdditionalCodeRepositoryEquals", "https://git.test/b"}}), Names{"abc"});
  EXPECT_EQ(names({{"AdditionalCodeRepositoryEquals", "https://git.test/c"}}), Names{});
  EXPECT_EQ(names({{"MaxResults", 2}}).size(), 2u);
  EXPECT_EQ(names({{"MaxResults", 2}, {"NextToken", next}}).size(), 1u);
  EXPECT_EQ(error_of("ListNotebookInstances",
                     {{"NextToken", "none"}, {"DefaultCodeRepositoryContains", "main"}}),
            "ValidationException: The NextToken given is not valid.");
}

TEST_F(SageMakerTest, WithoutNotebookPartsTheyAreRefusedByName) {
  EXPECT_EQ(
      error_of("CreateNotebookInstance", {{"NotebookInstanceName", "lab"},
                                          {"InstanceType", "ml.t3.medium"},
                                          {"RoleArn", "arn:aws:iam::000000000000:role/Execution"}}),
      "ValidationException: Notebook instances are not available on this server.");
}

}  // namespace
}  // namespace clary::api::sagemaker
