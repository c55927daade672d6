#include "api/sagemaker/hosting.h"

#include "api/sagemaker/endpoint_controller.h"
#include "api/sagemaker/test_server.h"

namespace clary::api::sagemaker {
namespace {

using engine::RunOutcome;
using engine::RunPhase;

class HostingTest : public SageMakerTest {
 protected:
  static constexpr std::string_view kImage =
      "246618743249.dkr.ecr.us-west-2.amazonaws.com/sagemaker-xgboost:1.7-1";

  void create_model(std::string_view name, std::string_view image = kImage) {
    call("CreateModel",
         {{"ModelName", name},
          {"ExecutionRoleArn", "arn:aws:iam::000000000000:role/Execution"},
          {"PrimaryContainer", {{"Image", image}, {"ModelDataUrl", "s3://data/model.tar.gz"}}}});
  }
  static json::object variant(std::string_view name, std::string_view model, int count = 1,
                              double weight = 1) {
    return {{"VariantName", name},
            {"ModelName", model},
            {"InstanceType", "ml.m5.large"},
            {"InitialInstanceCount", count},
            {"InitialVariantWeight", weight}};
  }
  void create_config(std::string_view name, std::initializer_list<json::value_ref> variants) {
    call("CreateEndpointConfig",
         {{"EndpointConfigName", name}, {"ProductionVariants", json::array(variants)}});
  }
  json::object describe() { return call("DescribeEndpoint", {{"EndpointName", "churn"}}); }
  std::optional<std::chrono::milliseconds> reconcile() { return controller.reconcile(key); }

  // Every run that is not asked to stop answers /ping; those that are, end.
  void settle() {
    for (int i = 0; i < 20; ++i) {
      const auto wake = reconcile();
      bool moved = false;
      for (auto& [id, run] : workloads.runs) {
        if (run.outcome) continue;
        if (run.stop_requested) {
          workloads.end(id, {RunOutcome::Kind::kStopped, 0, ""});
          moved = true;
        } else if (run.phase() != RunPhase::kServing) {
          workloads.enter(id, RunPhase::kServing);
          moved = true;
        }
      }
      if (!wake && !moved) return;
      if (wake) clock.advance(*wake + std::chrono::milliseconds(1));
    }
  }
  void create_endpoint() {
    create_model("m1");
    create_config("c1", {variant("AllTraffic", "m1")});
    call("CreateEndpoint", {{"EndpointName", "churn"}, {"EndpointConfigName", "c1"}});
  }
  std::shared_ptr<const engine::EndpointRoute> route() {
    return routes.find("000000000000", "us-west-2", "churn");
  }

  const store::DocumentKey key{"endpoint", "000000000000", "us-west-2", "churn"};
  engine::EndpointRoutes routes;
  TestWorkloads workloads{clock};
  Images images;
  EndpointController controller{documents, workloads, roles, images, routes, clock};
};

TEST_F(HostingTest, ModelsAndConfigsInAwsWords) {
  create_model("m1");
  EXPECT_EQ(error_of("DescribeModel", {{"ModelName", "none"}}),
            "ValidationException: Could not find model "
            "\"arn:aws:sagemaker:us-west-2:000000000000:model/none\".");
  const json::object model = call("DescribeModel", {{"ModelName", "m1"}});
  EXPECT_EQ(at_path(model, "PrimaryContainer.Mode")->as_string(), "SingleModel");
  EXPECT_EQ(model.at("EnableNetworkIsolation"), false);
  const json::object again = {{"ModelName", "m1"}, {"PrimaryContainer", {{"Image", kImage}}}};
  EXPECT_EQ(error_of("CreateModel", again),
            "ValidationException: Cannot create already existing model "
            "\"arn:aws:sagemaker:us-west-2:000000000000:model/m1\".");
  EXPECT_TRUE(
      error_of("CreateModel", {{"ModelName", "m2"},
                               {"ExecutionRoleArn", "arn:aws:iam::000000000000:role/Execution"},
                               {"PrimaryContainer",
                                {{"Image", kImage}, {"ModelDataUrl", "s3://data/none.tar.gz"}}}})
          .starts_with("ValidationException: Could not find model data"));
  const json::object unknown = {{"EndpointConfigName", "c"},
                                {"ProductionVariants", json::array{variant("A", "none")}}};
  EXPECT_TRUE(error_of("CreateEndpointConfig", unknown)
                  .starts_with("ValidationException: Could not find model"));
  EXPECT_EQ(error_of("CreateEndpoint", {{"EndpointName", "e"}, {"EndpointConfigName", "none"}}),
            "ValidationException: Could not find endpoint configuration "
            "\"arn:aws:sagemaker:us-west-2:000000000000:endpoint-config/none\".");
}

TEST_F(HostingTest, AnEndpointComesIntoService) {
  create_endpoint();
  EXPECT_EQ(describe().at("EndpointStatus"), "Creating");
  reconcile();
  ASSERT_EQ(workloads.runs.size(), 1u);
  const JobSpec& spec = workloads.runs.begin()->second.spec;
  EXPECT_EQ(spec.command, (std::vector<std::string>{"clary-algo", "serve"}));
  EXPECT_EQ(spec.mode, JobSpec::Mode::kServe);
  EXPECT_EQ(spec.inputs.at(0).s3_uri, "s3://data/model.tar.gz");
  EXPECT_TRUE(spec.inputs.at(0).extract_tar);
  EXPECT_EQ(spec.log_group, "/aws/sagemaker/Endpoints/churn");
  EXPECT_TRUE(spec.log_stream.starts_with("AllTraffic/i-"));
  ASSERT_TRUE(route());
  EXPECT_FALSE(route()->in_service);
  settle();
  const json::object endpoint = describe();
  EXPECT_EQ(endpoint.at("EndpointStatus"), "InService");
  const json::object& shown = endpoint.at("ProductionVariants").as_array()[0].as_object();
  EXPECT_EQ(shown.at("CurrentInstanceCount"), 1);
  EXPECT_EQ(shown.at("DeployedImages").as_array()[0].at("SpecifiedImage").as_string(), kImage);
  ASSERT_TRUE(route()->in_service);
  ASSERT_EQ(route()->variants.at(0).instances.size(), 1u);
}

TEST_F(HostingTest, AnUpdateSwitchesBeforeItStopsAndWaitsForRequests) {
  create_endpoint();
  settle();
  const std::string old_run = workloads.runs.begin()->first;
  const auto old_instance = route()->variants.at(0).instances.at(0);
  old_instance->outstanding = 1;
  create_config("c2", {variant("A", "m1", 2, 3), variant("B", "m1")});
  call("UpdateEndpoint", {{"EndpointName", "churn"}, {"EndpointConfigName", "c2"}});
  EXPECT_EQ(describe().at("EndpointStatus"), "Updating");
  EXPECT_EQ(error_of("UpdateEndpoint", {{"EndpointName", "churn"}, {"EndpointConfigName", "c2"}}),
            "ValidationException: Cannot update in-progress endpoint "
            "\"arn:aws:sagemaker:us-west-2:000000000000:endpoint/churn\".");
  reconcile();
  EXPECT_EQ(workloads.runs.size(), 4u);
  EXPECT_EQ(route()->variants.at(0).instances.at(0), old_instance) << "the old fleet still serves";
  for (auto& [id, run] : workloads.runs) {
    if (id != old_run) workloads.enter(id, RunPhase::kServing);
  }
  reconcile();
  EXPECT_EQ(describe().at("EndpointStatus"), "InService");
  EXPECT_EQ(describe().at("EndpointConfigName"), "c2");
  ASSERT_EQ(route()->variants.size(), 2u);
  EXPECT_EQ(route()->variants[0].instances.size(), 2u);
  EXPECT_EQ(route()->variants[0].weight, 3);
  clock.advance(std::chrono::seconds(2));
  reconcile();
  EXPECT_FALSE(workloads.runs.at(old_run).stop_requested) << "a request is under way";
  old_instance->outstanding = 0;
  reconcile();
  EXPECT_TRUE(workloads.runs.at(old_run).stop_requested);
  settle();
  EXPECT_FALSE(workloads.runs.contains(old_run));
  EXPECT_EQ(workloads.runs.size(), 3u);
}

TEST_F(HostingTest, AFailedUpdateLeavesTheOldFleetServing) {
  create_endpoint();
  settle();
  create_model("foreign", "me/mine:1");
  create_config("c2", {variant("AllTraffic", "foreign")});
  call("UpdateEndpoint", {{"EndpointName", "churn"}, {"EndpointConfigName", "c2"}});
  settle();
  json::object endpoint = describe();
  EXPECT_EQ(endpoint.at("EndpointStatus"), "InService");
  EXPECT_EQ(endpoint.at("EndpointConfigName"), "c1");
  EXPECT_TRUE(std::string(endpoint.at("FailureReason").as_string()).starts_with("No way to run"));
  EXPECT_TRUE(route()->in_service);

  create_config("c3", {variant("AllTraffic", "m1", 2)});
  call("UpdateEndpoint", {{"EndpointName", "churn"}, {"EndpointConfigName", "c3"}});
  EXPECT_FALSE(describe().contains("FailureReason"));
  reconcile();
  for (auto& [id, run] : workloads.runs) {
    if (run.phase() == RunPhase::kServing) continue;
    workloads.end(id, {RunOutcome::Kind::kFailed, 1, "ClientError: bad model"});
    break;
  }
  settle();
  endpoint = describe();
  EXPECT_EQ(endpoint.at("EndpointStatus"), "InService");
  EXPECT_EQ(endpoint.at("EndpointConfigName"), "c1");
  EXPECT_TRUE(std::string(endpoint.at("FailureReason").as_string()).ends_with("bad model"));
  EXPECT_EQ(workloads.runs.size(), 1u);
}

TEST_F(HostingTest, CreationFailsAfterTheHealthCheckTime) {
  create_endpoint();
  const auto wake = reconcile();
  ASSERT_TRUE(wake);
  clock.advance(*wake);
  reconcile();
  const json::object endpoint = describe();
  EXPECT_EQ(endpoint.at("EndpointStatus"), "Failed");
  EXPECT_EQ(endpoint.at("FailureReason"),
            "The primary container for production variant AllTraffic did not pass the ping health "
            "check. Please check CloudWatch logs for this endpoint.");
  settle();
  EXPECT_TRUE(workloads.runs.empty());
  EXPECT_FALSE(route()->in_service);
  call("DeleteEndpoint", {{"EndpointName", "churn"}});
  settle();
  EXPECT_EQ(error_of("DescribeEndpoint", {{"EndpointName", "churn"}}),
            "ValidationException: Could not find endpoint "
            "\"arn:aws:sagemaker:us-west-2:000000000000:endpoint/churn\".");
}

TEST_F(HostingTest, WeightsAndCapacitiesKeepRunningInstances) {
  create_endpoint();
  settle();
  const std::string first = workloads.runs.begin()->first;
  const json::object wanted = {
      {"VariantName", "AllTraffic"}, {"DesiredWeight", 2}, {"DesiredInstanceCount", 3}};
  call("UpdateEndpointWeightsAndCapacities",
       {{"EndpointName", "churn"}, {"DesiredWeightsAndCapacities", json::array{wanted}}});
  settle();
  EXPECT_EQ(workloads.runs.size(), 3u);
  EXPECT_TRUE(workloads.runs.contains(first));
  EXPECT_EQ(route()->variants.at(0).instances.size(), 3u);
  const json::object shown = describe();
  EXPECT_EQ(shown.at("ProductionVariants").as_array()[0].at("DesiredInstanceCount"), 3);
  EXPECT_EQ(shown.at("ProductionVariants").as_array()[0].at("CurrentWeight"), 2.0);
  json::object none = wanted;
  none["VariantName"] = "None";
  EXPECT_EQ(
      error_of("UpdateEndpointWeightsAndCapacities",
               {{"EndpointName", "churn"}, {"DesiredWeightsAndCapacities", json::array{none}}}),
      "ValidationException: The variant name(s) \"None\" is/are not present within endpoint "
      "configuration \"c1\".");
}

TEST_F(HostingTest, ALostServerIsReplacedAndARestartRebuildsTheRoutes) {
  create_endpoint();
  settle();
  const std::string first = workloads.runs.begin()->first;
  engine::EndpointRoutes after_routes;
  EndpointController after(documents, workloads, roles, images, after_routes, clock);
  ASSERT_EQ(after.pending(), std::vector{key});
  after.reconcile(key);
  ASSERT_TRUE(after_routes.find("000000000000", "us-west-2", "churn"));
  EXPECT_TRUE(after_routes.find("000000000000", "us-west-2", "churn")->in_service);
  EXPECT_EQ(workloads.runs.size(), 1u);

  workloads.end(first, {RunOutcome::Kind::kAgentLost, 0, "killed"});
  reconcile();
  EXPECT_TRUE(route()->variants.at(0).instances.empty());
  settle();
  EXPECT_FALSE(workloads.runs.contains(first));
  ASSERT_EQ(workloads.runs.size(), 1u);
  EXPECT_EQ(route()->variants.at(0).instances.size(), 1u);
  EXPECT_EQ(describe().at("EndpointStatus"), "InService");
}

TEST_F(HostingTest, DataCaptureIsPlannedAndTold) {
  create_model("m1");
  const auto config = [&](std::string_view name, json::object capture) {
    call("CreateEndpointConfig", {{"EndpointConfigName", name},
                                  {"ProductionVariants", json::array{variant("A", "m1")}},
                                  {"DataCaptureConfig", std::move(capture)}});
  };
  json::object capture = {
      {"InitialSamplingPercentage", 25},
      {"DestinationS3Uri", "s3://kept/here/"},
      {"CaptureOptions", json::array{{{"CaptureMode", "Input"}}}},
      {"CaptureContentTypeHeader", {{"CsvContentTypes", json::array{"Text/CSV"}}}}};
  config("on", capture);
  EXPECT_EQ(at_path(call("DescribeEndpointConfig", {{"EndpointConfigName", "on"}}),
                    "DataCaptureConfig.EnableCapture")
                ->as_bool(),
            true);
  capture["EnableCapture"] = false;
  config("off", capture);
  create_config("none", {variant("A", "m1")});
  call("CreateEndpoint", {{"EndpointName", "churn"}, {"EndpointConfigName", "on"}});
  settle();
  json::object summary = {{"EnableCapture", true},
                          {"CaptureStatus", "Started"},
                          {"CurrentSamplingPercentage", 25},
                          {"DestinationS3Uri", "s3://kept/here/"},
                          {"KmsKeyId", ""}};
  EXPECT_EQ(describe().at("DataCaptureConfig"), summary);
  engine::CapturePlan plan;
  plan.account = "000000000000";
  plan.region = "us-west-2";
  plan.endpoint = "churn";
  plan.variant = "A";
  plan.role = "arn:aws:iam::000000000000:role/Execution";
  plan.bucket = "kept";
  plan.prefix = "here";
  plan.percentage = 25;
  plan.input = true;
  plan.csv_types = {"text/csv"};
  ASSERT_TRUE(route()->variants.at(0).capture);
  EXPECT_EQ(*route()->variants.at(0).capture, plan);

  call("UpdateEndpoint", {{"EndpointName", "churn"}, {"EndpointConfigName", "off"}});
  settle();
  summary["EnableCapture"] = false;
  summary["CaptureStatus"] = "Stopped";
  EXPECT_EQ(describe().at("DataCaptureConfig"), summary);
  EXPECT_FALSE(route()->variants.at(0).capture);
  call("UpdateEndpoint", {{"EndpointName", "churn"}, {"EndpointConfigName", "none"}});
  settle();
  EXPECT_FALSE(describe().contains("DataCaptureConfig"));
}

TEST_F(HostingTest, AKeyOfAnOlderConfigurationIsNotForgotten) {
  create_model("m1");
  call("CreateEndpointConfig", {{"EndpointConfigName", "old"},
                                {"ProductionVariants", json::array{variant("A", "m1")}},
                                {"DataCaptureConfig",
                                 {{"InitialSamplingPercentage", 100},
                                  {"DestinationS3Uri", "s3://kept/here"},
                                  {"CaptureOptions", json::array{{{"CaptureMode", "Output"}}}}}}});
  documents.update({"endpoint-config", "000000000000", "us-west-2", "old"},
                   [](store::Document& config) {
                     config.body["DataCaptureConfig"].as_object()["KmsKeyId"] = "alias/mine";
                     return true;
                   });
  call("CreateEndpoint", {{"EndpointName", "churn"}, {"EndpointConfigName", "old"}});
  settle();
  EXPECT_EQ(describe().at("DataCaptureConfig").at("KmsKeyId"), "alias/mine");
  ASSERT_TRUE(route()->variants.at(0).capture);
  EXPECT_EQ(route()->variants.at(0).capture->kms_key, "alias/mine");
}

TEST_F(HostingTest, DataCaptureNeedsALocationAndAUsableKey) {
  create_model("m1");
  const auto refusal = [&](json::object changes) {
    json::object capture = {{"InitialSamplingPercentage", 100},
                            {"DestinationS3Uri", "s3://kept/here"},
                            {"CaptureOptions", json::array{{{"CaptureMode", "Output"}}}}};
    for (const auto& [name, value] : changes) capture[name] = value;
    return error_of("CreateEndpointConfig",
                    {{"EndpointConfigName", "c"},
                     {"ProductionVariants", json::array{variant("A", "m1")}},
                     {"DataCaptureConfig", std::move(capture)}});
  };
  EXPECT_EQ(refusal({{"DestinationS3Uri", "https://example.com/here"}}),
            "ValidationException: The DestinationS3Uri of DataCaptureConfig, "
            "\"https://example.com/here\", is no S3 location.");
  EXPECT_TRUE(refusal({{"KmsKeyId", "alias/x"}}).find("(DataCaptureConfig.KmsKeyId)") !=
              std::string::npos);
  EXPECT_TRUE(refusal({{"InitialSamplingPercentage", 101}}).starts_with("ValidationException: "));
  EXPECT_EQ(refusal({}), "");
}

TEST_F(HostingTest, DeletionStopsEverything) {
  create_endpoint();
  settle();
  std::vector<store::DocumentKey> removed;
  controller.before_removal([&](const store::DocumentKey& endpoint) {
    removed.push_back(endpoint);
    EXPECT_TRUE(documents.find(endpoint)) << "it is still there";
    EXPECT_TRUE(workloads.runs.empty()) << "no request is under way";
  });
  call("DeleteEndpoint", {{"EndpointName", "churn"}});
  EXPECT_EQ(describe().at("EndpointStatus"), "Deleting");
  settle();
  EXPECT_TRUE(workloads.runs.empty());
  EXPECT_FALSE(route());
  EXPECT_FALSE(documents.find(key));
  EXPECT_EQ(removed, std::vector{key});
  // The names are free again.
  call("CreateEndpoint", {{"EndpointName", "churn"}, {"EndpointConfigName", "c1"}});
}

}  // namespace
}  // namespace clary::api::sagemaker
