#include "api/sagemaker/job_limits.h"

#include "api/sagemaker/test_server.h"

namespace clary::api::sagemaker {
namespace {

constexpr auto kXlarge = "ml.m5.xlarge for training job usage";

class JobLimitsTest : public SageMakerTest {
 protected:
  JobLimitsTest() {
    operations.clear();
    for (OperationEntry& entry : limited.operations()) {
      operations.emplace(entry.name, std::move(entry.plain));
    }
  }
  std::string create(const std::string& name, const std::string& type = "ml.m5.xlarge",
                     const json::object& more = {}) {
    json::object input{
        {"TrainingJobName", name},
        {"AlgorithmSpecification",
         {{"TrainingImage", "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.7-1"},
          {"TrainingInputMode", "File"}}},
        {"RoleArn", "arn:aws:iam::000000000000:role/Execution"},
        {"OutputDataConfig", {{"S3OutputPath", "s3://data/out/"}}},
        {"ResourceConfig", {{"InstanceType", type}, {"InstanceCount", 1}, {"VolumeSizeInGB", 5}}},
        {"StoppingCondition", {{"MaxRuntimeInSeconds", 100}}}};
    for (const auto& [key, value] : more) input[key] = value;
    return error_of("CreateTrainingJob", input);
  }
  json::object internal_of(const std::string& name) {
    return documents.find({"training-job", "000000000000", "us-west-2", name})->internal;
  }

  store::Database quota_database{folder / "quotas.db", {Quotas::migrations()}};
  Quotas quotas{quota_database};
  std::string waits_for;
  SageMaker limited{{.documents = documents,
                     .roles = roles,
                     .s3 = s3,
                     .wake = [](const store::DocumentKey&) {},
                     .quotas = &quotas,
                     .waiting =
                         [this](const std::string&) {
                           return waits_for.empty() ? std::nullopt : std::optional(waits_for);
                         }}};
};

TEST_F(JobLimitsTest, RefusesMoreInstancesThanTheQuotaInAwsWords) {
  EXPECT_EQ(create("a"), "");
  quotas.set({"", kXlarge, 2});
  EXPECT_EQ(create("b"), "");
  EXPECT_EQ(create("c"),
            "ResourceLimitExceeded: The account-level service limit 'ml.m5.xlarge for training job "
            "usage' is 2 Instances, with current utilization of 2 Instances and a request delta of "
            "1 Instances. Please ask the owner of this server to increase this quota (clary quota "
            "set).");
  EXPECT_EQ(create("c", "ml.m5.large"), "") << "another type";
  documents.update({"training-job", "000000000000", "us-west-2", "a"}, [](store::Document& job) {
    job.status = "Completed";
    return true;
  });
  EXPECT_EQ(create("d"), "") << "what has ended does not count";
}

TEST_F(JobLimitsTest, AnAccountsOwnQuotaWinsAndSpotIsAnother) {
  quotas.set({"", kXlarge, 0});
  quotas.set({"000000000000", kXlarge, 1});
  EXPECT_EQ(create("a"), "");
  EXPECT_TRUE(create("b").starts_with("ResourceLimitExceeded"));
  EXPECT_EQ(create("c", "ml.m5.xlarge",
                   {{"EnableManagedSpotTraining", true},
                    {"StoppingCondition",
                     {{"MaxRuntimeInSeconds", 100}, {"MaxWaitTimeInSeconds", 200}}}}),
            "");
  EXPECT_TRUE(quotas.remove("000000000000", kXlarge));
  EXPECT_FALSE(quotas.remove("000000000000", kXlarge));
  EXPECT_NE(create("d").find("is 0 Instances"), std::string::npos);
}

TEST_F(JobLimitsTest, QuotasAreStoredAndHaveNames) {
  quotas.set({"000000000000", kXlarge, 7});
  EXPECT_EQ(Quotas(quota_database).limit("000000000000", kXlarge), 7);
  EXPECT_EQ(Quotas(quota_database).limit("111111111111", kXlarge), std::nullopt);
  for (const auto* name :
       {"", "ml.m5.xlarge", "ml.m5.xlarge for dancing usage", "m5.xlarge for training job usage"}) {
    EXPECT_THROW(quotas.set({"", name, 1}), std::invalid_argument) << name;
  }
  EXPECT_THROW(quotas.set({"", kXlarge, -1}), std::invalid_argument);
}

TEST_F(JobLimitsTest, DescribeSaysWhatIsWaitedForNow) {
  create("a");
  const auto message = [&] {
    const json::object job = call("DescribeTrainingJob", {{"TrainingJobName", "a"}});
    return string_or(job.at("SecondaryStatusTransitions").as_array().back().as_object(),
                     "StatusMessage");
  };
  EXPECT_EQ(message(), "Starting the training job");
  waits_for = "2 ahead";
  EXPECT_EQ(message(), "Starting the training job: 2 ahead");
}

TEST_F(JobLimitsTest, KeepsWhoseJobItIsAndItsPriority) {
  principal.kind = identity::Principal::Kind::kAssumedRole;
  principal.name = "Execution";
  create("a", "ml.m5.xlarge",
         {{"Tags", json::array{{{"Key", "clary:priority"}, {"Value", "12"}}}}});
  EXPECT_EQ(internal_of("a").at("scheduled_user"), "000000000000:role/Execution");
  EXPECT_EQ(internal_of("a").at("priority"), 12);
  for (const auto* wrong : {"", "x", "-1", "10000", "1.5"}) {
    const json::array tags{{{"Key", "clary:priority"}, {"Value", wrong}}};
    EXPECT_TRUE(create("b", "ml.m5.xlarge", {{"Tags", tags}}).starts_with("ValidationException"))
        << wrong;
  }
}

}  // namespace
}  // namespace clary::api::sagemaker
