#include "wire/validate.h"

#include <gtest/gtest.h>

#include "wire/api_error.h"
#include "wire/model.h"

namespace clary::wire {
namespace {

const Models& models() {
  static const Models kModels;
  return kModels;
}

std::string message(std::string_view service, std::string_view operation, std::string_view input) {
  const Operation* found = models().get(service).find_operation(operation);
  return validation_message(*found->input, json::parse(input).get_object()).value_or("");
}

// Wording: answers of SageMaker and other AWS services to such requests, as users quote them.
TEST(Validate, Pattern) {
  EXPECT_EQ(message("sagemaker", "DescribeTrainingJob", R"({"TrainingJobName": "a_b"})"),
            "1 validation error detected: Value 'a_b' at 'trainingJobName' failed to satisfy "
            "constraint: Member must satisfy regular expression pattern: "
            "[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}");
}

TEST(Validate, Null) {
  EXPECT_EQ(message("sagemaker", "DescribeTrainingJob", "{}"),
            "1 validation error detected: Value null at 'trainingJobName' failed to satisfy "
            "constraint: Member must not be null");
}

TEST(Validate, LengthInCodePoints) {
  EXPECT_EQ(message("sagemaker", "DescribeTrainingJob",
                    "{\"TrainingJobName\": \"" + std::string(64, 'a') + "\"}"),
            "2 validation errors detected: Value '" + std::string(64, 'a') +
                "' at 'trainingJobName' failed to satisfy constraint: Member must satisfy regular "
                "expression pattern: [a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}; Value '" +
                std::string(64, 'a') +
                "' at 'trainingJobName' failed to satisfy constraint: Member must have length less "
                "than or equal to 63");
  // 128 two-byte letters are 128 long: the tag key's limit.
  std::string key;
  for (int i = 0; i < 128; ++i) key += "\u00e9";
  EXPECT_EQ(message("sagemaker", "AddTags",
                    R"({"ResourceArn": "arn:aws:sagemaker:us-east-1:000000000000:model/m",
                        "Tags": [{"Key": ")" +
                        key + R"(", "Value": ""}]})"),
            "");
}

TEST(Validate, EnumAndRange) {
  EXPECT_EQ(
      message("sagemaker", "ListTrainingJobs", R"({"SortOrder": "Up", "MaxResults": 0})"),
      "2 validation errors detected: Value '0' at 'maxResults' failed to satisfy constraint: "
      "Member must have value greater than or equal to 1; Value 'Up' at 'sortOrder' failed to "
      "satisfy constraint: Member must satisfy enum value set: [Ascending, Descending]");
}

TEST(Validate, PathsThroughLists) {
  EXPECT_EQ(message("sagemaker", "AddTags",
                    R"({"ResourceArn": "arn:aws:sagemaker:us-east-1:000000000000:model/m",
                        "Tags": [{"Key": "a", "Value": "b"}, {"Key": "", "Value": "b"}]})"),
            "1 validation error detected: Value '' at 'tags.2.member.key' failed to satisfy "
            "constraint: Member must have length greater than or equal to 1");
}

TEST(Validate, MapValues) {
  const std::string long_value(2501, 'v');
  const std::string text =
      message("sagemaker", "CreateTrainingJob",
              "{\"TrainingJobName\": \"j\", \"RoleArn\": \"arn:aws:iam::000000000000:role/r\","
              "\"OutputDataConfig\": {\"S3OutputPath\": \"s3://b/p\"},"
              "\"HyperParameters\": {\"a\": \"" +
                  long_value + "\"}}");
  EXPECT_TRUE(text.starts_with("1 validation error detected: Value '{a=vvv")) << text;
  EXPECT_NE(
      text.find("' at 'hyperParameters' failed to satisfy constraint: Map value must satisfy "
                "constraint: [Member must have length less than or equal to 2500, Member must "
                "have length greater than or equal to 0, Member must satisfy regular "
                "expression pattern: "),
      std::string::npos)
      << text;
  EXPECT_LT(text.size(), 2000U);
}

TEST(Validate, SensitiveValuesStayOut) {
  const std::string text =
      message("iam", "CreateLoginProfile", R"({"UserName": "u", "Password": ""})");
  EXPECT_EQ(text.find("Value at 'password' failed"), text.find("Value")) << text;
}

TEST(Validate, ManyFailuresStayShort) {
  json::array tags;
  for (int i = 0; i < 1000; ++i) tags.push_back(json::object{{"Key", ""}});
  const json::object input{{"ResourceArn", "arn:aws:sagemaker:us-east-1:000000000000:model/m"},
                           {"Tags", tags}};
  const auto text =
      validation_message(*models().get("sagemaker").find_operation("AddTags")->input, input);
  ASSERT_TRUE(text);
  EXPECT_TRUE(text->starts_with("2001 validation errors detected: ")) << text->substr(0, 60);
  EXPECT_LT(text->size(), 3000U);
}

TEST(Validate, CodesByService) {
  const auto code = [](std::string_view service, std::string_view operation) {
    const ServiceModel& model = models().get(service);
    try {
      validate(model, *model.find_operation(operation), {});
    } catch (const ApiError& error) {
      return error.code();
    }
    return std::string();
  };
  EXPECT_EQ(code("sagemaker", "DescribeTrainingJob"), "ValidationException");
  EXPECT_EQ(code("iam", "CreateRole"), "ValidationError");
  EXPECT_EQ(code("sts", "AssumeRole"), "ValidationError");
  EXPECT_EQ(code("logs", "CreateLogGroup"), "InvalidParameterException");
  EXPECT_EQ(code("sagemaker-runtime", "InvokeEndpoint"), "ValidationError");
  EXPECT_EQ(code("kms", "DescribeKey"), "ValidationException");
  EXPECT_EQ(code("s3", "UploadPart"), "InvalidRequest");
}

TEST(Validate, S3InItsOwnWords) {
  const ServiceModel& s3 = models().get("s3");
  const auto code = [&](std::string_view operation, std::string_view input) {
    try {
      validate(s3, *s3.find_operation(operation), json::parse(input).get_object());
    } catch (const ApiError& error) {
      return error.code();
    }
    return std::string();
  };
  EXPECT_EQ(code("PutObject", R"({"Bucket": "b", "Key": "k", "StorageClass": "COLD"})"),
            "InvalidStorageClass");
  EXPECT_EQ(code("PutObject", R"({"Bucket": "b", "Key": "k", "ACL": "everyone"})"),
            "InvalidArgument");
  EXPECT_EQ(code("DeleteObjects", R"({"Bucket": "b", "Delete": {}})"), "MalformedXML");
  EXPECT_EQ(code("DeleteObjects", R"({"Bucket": "b"})"), "MissingRequestBodyError");
  EXPECT_EQ(code("CreateBucket", R"({"Bucket": "b", "CreateBucketConfiguration":
                                     {"LocationConstraint": "moon-1"}})"),
            "");
}

TEST(Validate, UnionsTakeOne) {
  const auto features = [](const std::string& config) {
    return message("sagemaker", "UpdateFeatureGroup",
                   R"({"FeatureGroupName": "f", "FeatureAdditions": [{"FeatureName": "v",
                       "FeatureType": "Integral", "CollectionType": "Vector",
                       "CollectionConfig": )" +
                       config + "}]}");
  };
  EXPECT_EQ(features(R"({"VectorConfig": {"Dimension": 4}})"), "");
  EXPECT_NE(features("{}"), "");
}

}  // namespace
}  // namespace clary::wire
