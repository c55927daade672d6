#include <gtest/gtest.h>

#include "wire/codec.h"
#include "wire/test_requests.h"

namespace clary::wire {
namespace {

const ServiceModel& model(std::string_view name) {
  static const Models kModels;
  return kModels.get(name);
}

json::object decode(std::string_view service, std::string_view operation, std::string_view body) {
  const ServiceModel& of = model(service);
  return decode_request(of, of.protocol(), *of.find_operation(operation), {}, {}, body);
}

std::string failure(std::string_view body) {
  try {
    decode("sagemaker", "CreateTrainingJob", body);
  } catch (const ApiError& error) {
    return error.code() + ": " + error.what();
  }
  return {};
}

RequestHead target(const std::string& name, const std::string& type) {
  return test_request("POST", "/", "", {{"X-Amz-Target", name}, {"Content-Type", type}});
}

TEST(JsonCodec, DecodesByShape) {
  const json::object input =
      decode("sagemaker", "ListTrainingJobs",
             R"({"NameContains": "x", "Nothing": {"a": [1]}, "SortBy": null, "MaxResults": 5.0,
                 "CreationTimeAfter": "2026-11-22T20:28:40.123Z",
                 "CreationTimeBefore": 1700000000.1234567})");
  EXPECT_EQ(json::serialize(input.at("CreationTimeAfter")), "1.795379320123E9");
  EXPECT_EQ(input.at("CreationTimeBefore").get_double(), 1700000000.123);
  EXPECT_EQ(input.at("MaxResults").get_int64(), 5);
  EXPECT_EQ(input.size(), 4U);
  EXPECT_TRUE(decode("sagemaker", "ListTrainingJobs", "").empty());
}

TEST(JsonCodec, WrongKinds) {
  EXPECT_EQ(failure(R"({"TrainingJobName": 1})"),
            "SerializationException: NUMBER_VALUE can not be converted to a String");
  EXPECT_EQ(failure(R"({"TrainingJobName": ["a"]})"),
            "SerializationException: Start of list found where not expected");
  EXPECT_EQ(failure(R"({"OutputDataConfig": "a"})"),
            "SerializationException: Unexpected field type");
  EXPECT_EQ(failure(R"({"StoppingCondition": {"MaxRuntimeInSeconds": "1"}})"),
            "SerializationException: STRING_VALUE can not be converted to an Integer");
  EXPECT_EQ(failure(R"({"ResourceConfig": {"InstanceCount": 3000000000}})"),
            "SerializationException: NUMBER_VALUE can not be converted to an Integer");
  EXPECT_EQ(failure("[]"), "SerializationException: Start of list found where not expected");
  EXPECT_TRUE(failure("{\"TrainingJobName\": ").starts_with("SerializationException: Could not"));
  EXPECT_TRUE(failure("{\"TrainingJobName\": \"\xff\"}").starts_with("SerializationException"));
}

TEST(JsonCodec, NestingIsBoundedAndCheap) {
  const std::string bomb(100'000'000, '[');
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(failure(bomb), "SerializationException: The request body is nested too deeply");
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::milliseconds(200));
}

TEST(JsonCodec, TargetsWithoutTheirNamespace) {
  const ServiceModel& cloudtrail = model("cloudtrail");
  for (const std::string prefix :
       {"com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101", "CloudTrail_20131101"}) {
    const auto head = target(prefix + ".LookupEvents", "application/x-amz-json-1.1");
    EXPECT_EQ(operation_of(cloudtrail, Protocol::kJson11, head, "").name, "LookupEvents");
  }
  const auto part = target("Trail_20131101.LookupEvents", "application/x-amz-json-1.1");
  EXPECT_THROW(operation_of(cloudtrail, Protocol::kJson11, part, ""), ApiError);
}

TEST(JsonCodec, OperationsByTarget) {
  const ServiceModel& sagemaker = model("sagemaker");
  const auto head = target("SageMaker.ListModels", "application/x-amz-json-1.1");
  EXPECT_EQ(operation_of(sagemaker, Protocol::kJson11, head, "").name, "ListModels");
  const auto code = [&](const RequestHead& request) {
    try {
      operation_of(sagemaker, Protocol::kJson11, request, "");
    } catch (const ApiError& error) {
      return error.code() + std::to_string(error.status());
    }
    return std::string();
  };
  const std::string json = "application/x-amz-json-1.1";
  EXPECT_EQ(code(target("SageMaker.Nothing", json)), "UnknownOperationException400");
  EXPECT_EQ(code(target("Other.ListModels", json)), "UnknownOperationException400");
  EXPECT_EQ(code(target("Maker.ListModels", json)), "UnknownOperationException400");
  EXPECT_EQ(code(target(".ListModels", json)), "UnknownOperationException400");
  EXPECT_EQ(code(target("SageMaker.ListModels", "text/plain")), "UnknownOperationException404");
  EXPECT_EQ(code(test_request("POST", "/")), "UnknownOperationException400");
}

TEST(JsonCodec, EncodesByShape) {
  const ServiceModel& sagemaker = model("sagemaker");
  const json::object output = {
      {"TrainingJobName", "j\"\n\x01"},
      {"CreationTime", 1700000000.5},
      {"LastModifiedTime", 1700000000},
      {"FinalMetricDataList", json::array{{{"MetricName", "m"}, {"Value", 1}, {"Secret", 2}}}},
      {"BillableTimeInSeconds", 7.0},
      {"HyperParameters", {{"eta", "0.1"}}},
      {"FailureReason", nullptr},
      {"Internal", "leak"}};
  const auto [head, body] = encode_response(
      sagemaker, Protocol::kJson11, *sagemaker.find_operation("DescribeTrainingJob"), output, "id");
  const json::value read = json::parse(body);
  EXPECT_EQ(read.at("TrainingJobName").get_string(), "j\"\n\x01");
  EXPECT_EQ(read.as_object().size(), 6U) << body;
  EXPECT_NE(body.find("\"CreationTime\":1700000000.5,\"LastModifiedTime\":1700000000,"),
            std::string::npos)
      << body;
  EXPECT_NE(body.find("[{\"MetricName\":\"m\",\"Value\":1.0}]"), std::string::npos) << body;
  EXPECT_NE(body.find("\"BillableTimeInSeconds\":7}"), std::string::npos) << body;
  EXPECT_EQ(head.status, 200U);
  EXPECT_EQ(head.headers[0].first, "x-amzn-RequestId");
  EXPECT_EQ(head.headers[1].second, "application/x-amz-json-1.1");
  EXPECT_THROW(encode_response(sagemaker, Protocol::kJson11,
                               *sagemaker.find_operation("DescribeTrainingJob"),
                               {{"TrainingJobName", 1}}, "id"),
               std::logic_error);
  // An operation without output has no body at all, as on AWS.
  EXPECT_EQ(encode_response(sagemaker, Protocol::kJson11, *sagemaker.find_operation("DeleteModel"),
                            {}, "id")
                .second,
            "");
}

TEST(JsonCodec, Errors) {
  const ServiceModel& sagemaker = model("sagemaker");
  const Operation* operation = sagemaker.find_operation("DescribeEndpoint");
  const auto [head, body] = encode_error(sagemaker, Protocol::kJson11, operation,
                                         ApiError("ValidationException", "No such"), "id");
  EXPECT_EQ(head.status, 400U);
  EXPECT_EQ(body, R"({"__type":"ValidationException","message":"No such"})");
  const auto modelled = encode_error(sagemaker, Protocol::kJson11, operation,
                                     ApiError("ResourceNotFound", "No such"), "id");
  EXPECT_EQ(modelled.second, R"({"__type":"ResourceNotFound","Message":"No such"})");
  const auto internal =
      encode_error(sagemaker, Protocol::kJson11, nullptr, ApiError("InternalFailure", ""), "id");
  EXPECT_EQ(internal.first.status, 500U);
}

TEST(JsonCodec, QueryCompatibleErrors) {
  const ServiceModel& cloudwatch = model("cloudwatch");
  const auto [head, body] =
      encode_error(cloudwatch, Protocol::kJson10, cloudwatch.find_operation("GetDashboard"),
                   ApiError("DashboardNotFoundError", "No such dashboard"), "id");
  EXPECT_EQ(head.status, 404U);
  EXPECT_EQ(head.headers[1],
            (std::pair<std::string, std::string>("x-amzn-query-error", "ResourceNotFound;Sender")));
  EXPECT_EQ(body,
            "{\"__type\":\"com.amazonaws.cloudwatch#DashboardNotFoundError\",\"message\":"
            "\"No such dashboard\"}");
}

}  // namespace
}  // namespace clary::wire
