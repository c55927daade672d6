#include "api/sagemaker/algorithms.h"

#include "api/sagemaker/training_test_support.h"

namespace clary::api::sagemaker {
namespace {

constexpr std::string_view kImage = "1.dkr.ecr.us-west-2.amazonaws.com/sagemaker-xgboost:1.7-1";
constexpr std::string_view kArn = "arn:aws:sagemaker:us-west-2:000000000000:algorithm/ours";

class AlgorithmsTest : public TrainingTest {
 protected:
  AlgorithmsTest() {
    call("CreateAlgorithm",
         {{"AlgorithmName", "Ours"},
          {"TrainingSpecification",
           {{"TrainingImage", kImage},
            {"SupportedHyperParameters",
             json::array{{{"Name", "num_round"}, {"Type", "Integer"}, {"IsRequired", true}},
                         {{"Name", "eta"}, {"Type", "Continuous"}, {"DefaultValue", "0.2"}}}},
            {"SupportedTrainingInstanceTypes", json::array{"ml.m5.xlarge"}},
            {"MetricDefinitions", json::array{{{"Name", "train:auc"}, {"Regex", "auc:(.*)"}}}},
            {"TrainingChannels", json::array{{{"Name", "train"},
                                              {"IsRequired", true},
                                              {"SupportedContentTypes", json::array{"text/csv"}},
                                              {"SupportedInputModes", json::array{"File"}}}}}}},
          {"InferenceSpecification", {{"Containers", json::array{{{"Image", kImage}}}}}}});
  }
  static json::object by_name(std::string_view name) {
    json::object input = request();
    input["AlgorithmSpecification"] = {{"AlgorithmName", name}, {"TrainingInputMode", "File"}};
    return input;
  }
  std::string refused(const json::object& input) { return error_of("CreateTrainingJob", input); }
};

TEST_F(AlgorithmsTest, AreThereLikeAnyResource) {
  const json::object algorithm = call("DescribeAlgorithm", {{"AlgorithmName", kArn}});
  EXPECT_EQ(algorithm.at("AlgorithmStatus"), "Completed");
  EXPECT_EQ(algorithm.at("AlgorithmArn").as_string(), kArn);
  EXPECT_TRUE(algorithm.contains("AlgorithmStatusDetails"));
  EXPECT_EQ(call("ListAlgorithms", {}).at("AlgorithmSummaryList").as_array().size(), 1U);
  call("DeleteAlgorithm", {{"AlgorithmName", "Ours"}});
  EXPECT_NE(refused(by_name("Ours")).find("does not exist"), std::string::npos);
}

TEST_F(AlgorithmsTest, TheBuiltInOneSaysWhatItTakes) {
  const json::object algorithm =
      call("DescribeAlgorithm", {{"AlgorithmName", "sagemaker-xgboost"}});
  const json::object& training = algorithm.at("TrainingSpecification").as_object();
  EXPECT_NE(string_or(training, "TrainingImage").find("/sagemaker-xgboost:"), std::string::npos);
  EXPECT_GT(training.at("SupportedTrainingInstanceTypes").as_array().size(), 50U);
  EXPECT_GT(training.at("MetricDefinitions").as_array().size(), 50U);
  std::map<std::string, json::object> parameters;
  for (const json::value& one : training.at("SupportedHyperParameters").as_array()) {
    parameters[string_or(one.as_object(), "Name")] = one.as_object();
  }
  const json::object& eta = parameters.at("eta");
  EXPECT_EQ(string_or(eta, "DefaultValue"), "0.3");
  EXPECT_EQ(at_path(eta, "Range.ContinuousParameterRangeSpecification.MaxValue")->as_string(), "1");
  EXPECT_TRUE(eta.at("IsTunable").as_bool());
  EXPECT_TRUE(parameters.at("num_round").at("IsRequired").as_bool());
  EXPECT_FALSE(parameters.at("eval_metric").contains("DefaultValue"));
  EXPECT_FALSE(parameters.contains("_kfold"));
  // One of the account's own comes first.
  call("CreateAlgorithm",
       {{"AlgorithmName", "sagemaker-xgboost"},
        {"AlgorithmDescription", "mine"},
        {"TrainingSpecification",
         {{"TrainingImage", kImage},
          {"SupportedTrainingInstanceTypes", json::array{"ml.m5.xlarge"}},
          {"TrainingChannels", json::array{{{"Name", "train"},
                                            {"SupportedContentTypes", json::array{"text/csv"}},
                                            {"SupportedInputModes", json::array{"File"}}}}}}}});
  EXPECT_EQ(call("DescribeAlgorithm", {{"AlgorithmName", "sagemaker-xgboost"}})
                .at("AlgorithmDescription"),
            "mine");
}

TEST_F(AlgorithmsTest, CompleteTheJobsThatNameThem) {
  for (const std::string_view name : {std::string_view("Ours"), kArn}) {
    json::object input = by_name(name);
    input["TrainingJobName"] = "j" + std::to_string(name.size());
    call("CreateTrainingJob", input);
  }
  const json::object job = describe("j4");
  const json::object& specification = job.at("AlgorithmSpecification").as_object();
  EXPECT_EQ(specification.at("AlgorithmName"), "Ours");
  EXPECT_FALSE(specification.contains("TrainingImage"));
  EXPECT_EQ(specification.at("MetricDefinitions").as_array().size(), 1U);
  EXPECT_EQ(at_path(job, "HyperParameters.eta")->as_string(), "0.2");
  controller.reconcile(key("j4"));
  EXPECT_EQ(workloads.runs.begin()->second.spec.image, kImage);
}

TEST_F(AlgorithmsTest, SayWhatAJobLacks) {
  json::object input = by_name("Ours");
  input["HyperParameters"] = {{"eta", "1"}};
  EXPECT_NE(refused(input).find("num_round is required"), std::string::npos) << refused(input);
  input["HyperParameters"] = {{"num_round", "1"}, {"depth", "1"}};
  EXPECT_NE(refused(input).find("depth is not one of"), std::string::npos) << refused(input);
  input = by_name("Ours");
  input["InputDataConfig"].as_array()[0].as_object()["ChannelName"] = "other";
  EXPECT_NE(refused(input).find("channel train is required"), std::string::npos);
  input = by_name("Ours");
  input["ResourceConfig"].as_object()["InstanceType"] = "ml.m5.large";
  EXPECT_NE(refused(input).find("ml.m5.large"), std::string::npos);
  input = by_name("Ours");
  input["AlgorithmSpecification"].as_object()["TrainingImage"] = kImage;
  EXPECT_NE(refused(input).find("Exactly one"), std::string::npos);
  EXPECT_TRUE(documents.with_status("training-job", {"InProgress"}).empty());
}

TEST_F(AlgorithmsTest, GiveModelPackagesTheirContainers) {
  call("CreateModelPackage",
       {{"ModelPackageName", "p"},
        {"SourceAlgorithmSpecification",
         {{"SourceAlgorithms", json::array{{{"AlgorithmName", "Ours"},
                                            {"ModelDataUrl", "s3://data/model.tar.gz"}}}}}}});
  const json::object package = call("DescribeModelPackage", {{"ModelPackageName", "p"}});
  const json::object& container =
      at_path(package, "InferenceSpecification.Containers")->as_array().at(0).as_object();
  EXPECT_EQ(container.at("Image").as_string(), kImage);
  EXPECT_EQ(container.at("ModelDataUrl"), "s3://data/model.tar.gz");
}

}  // namespace
}  // namespace clary::api::sagemaker
