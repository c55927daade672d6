#include "server/redacted.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/request_audit.h"

namespace clary::server {
namespace {

using testing::HasSubstr;
using testing::Not;

class RedactedTest : public testing::Test {
 protected:
  const wire::Operation& operation(std::string_view service, std::string_view name) {
    return *models_.get(service).find_operation(name);
  }
  std::string redact(std::string_view service, std::string_view name, const std::string& input) {
    return redacted(operation(service, name), json::parse(input).as_object());
  }
  wire::Models models_;
};

TEST_F(RedactedTest, HidesWhatTheModelCallsSensitive) {
  const std::string text = redact(
      "s3", "PutObject",
      R"({"Bucket":"b","Key":"k","SSECustomerKey":"0123456789abcdef","SSEKMSKeyId":"arn:k"})");
  EXPECT_THAT(text, Not(HasSubstr("0123456789abcdef")));
  EXPECT_THAT(text, HasSubstr(R"("SSECustomerKey":"HIDDEN_DUE_TO_SECURITY_REASONS")"));
  EXPECT_THAT(text, HasSubstr(R"("SSEKMSKeyId":"arn:k")"));
  EXPECT_THAT(redact("sts", "AssumeRoleWithWebIdentity",
                     R"({"RoleArn":"r","RoleSessionName":"s","WebIdentityToken":"eyJ-token"})"),
              Not(HasSubstr("eyJ-token")));
}

TEST_F(RedactedTest, HidesByNameWhateverTheModelSays) {
  EXPECT_THAT(redact("iam", "CreateLoginProfile", R"({"UserName":"ann","Password":"hunter2"})"),
              Not(HasSubstr("hunter2")));
  EXPECT_THAT(redact("iam", "ChangePassword", R"({"OldPassword":"one1","NewPassword":"two2"})"),
              testing::AllOf(Not(HasSubstr("one1")), Not(HasSubstr("two2"))));
  const std::string text = redact(
      "sagemaker", "CreateModel",
      R"({"ModelName":"m","PrimaryContainer":{"Image":"i","Environment":{"TOKEN":"secret-value"}}})");
  EXPECT_THAT(text, Not(HasSubstr("secret-value")));
  EXPECT_THAT(text, HasSubstr(R"("TOKEN":"HIDDEN_DUE_TO_SECURITY_REASONS")"));
}

TEST_F(RedactedTest, LeavesBlobsAndBodiesOut) {
  EXPECT_THAT(redact("kms", "Encrypt", R"({"KeyId":"k","Plaintext":"cGxhaW4="})"),
              testing::StrEq(R"({"KeyId":"k"})"));
  EXPECT_THAT(redact("sagemaker-runtime", "InvokeEndpoint",
                     R"({"EndpointName":"e","Body":"cGxhaW4=","Accept":"text/csv"})"),
              testing::StrEq(R"({"EndpointName":"e","Accept":"text/csv"})"));
}

TEST_F(RedactedTest, IsBounded) {
  json::object input{{"PolicyName", "p"}, {"PolicyDocument", std::string(100'000, 'x')}};
  const std::string text = redacted(operation("iam", "CreatePolicy"), input);
  EXPECT_LT(text.size(), 200U);
  EXPECT_TRUE(json::parse(text).at("omitted").as_bool());
}

// Every operation of every model: nothing marked sensitive comes through, at the top level at
// least.
TEST_F(RedactedTest, HoldsForEveryOperation) {
  for (const std::string_view name : models_.names()) {
    for (const wire::Operation& operation : models_.get(name).operations()) {
      if (operation.input == nullptr) continue;
      json::object input;
      for (const wire::Member& member : operation.input->members) {
        if (member.shape->sensitive && !member.name.starts_with("SSEKMS")) {
          input[member.name] = "a-secret-of-somebody";
        }
      }
      EXPECT_THAT(redacted(operation, input), Not(HasSubstr("a-secret-of-somebody")))
          << name << '.' << operation.name;
    }
  }
}

class RequestAuditTest : public RedactedTest {
 protected:
  audit::Category category(std::string_view service, std::string_view name) {
    return category_of(models_.get(service), operation(service, name));
  }
  bool reads(std::string_view service, std::string_view name) {
    return reads_only(models_.get(service), operation(service, name));
  }
};

TEST_F(RequestAuditTest, KnowsDataFromManagement) {
  EXPECT_EQ(category("s3", "GetObject"), audit::Category::kData);
  EXPECT_EQ(category("s3", "DeleteObjects"), audit::Category::kData);
  EXPECT_EQ(category("s3", "CreateBucket"), audit::Category::kManagement);
  EXPECT_EQ(category("s3", "PutBucketPolicy"), audit::Category::kManagement);
  EXPECT_EQ(category("sagemaker-runtime", "InvokeEndpoint"), audit::Category::kData);
  EXPECT_EQ(category("sagemaker", "CreateTrainingJob"), audit::Category::kManagement);
  EXPECT_EQ(category("kms", "Decrypt"), audit::Category::kManagement);
  EXPECT_TRUE(reads("kms", "Decrypt"));
  EXPECT_TRUE(reads("sts", "AssumeRole"));
  EXPECT_TRUE(reads("sagemaker", "DescribeTrainingJob"));
  EXPECT_FALSE(reads("sagemaker", "CreateTrainingJob"));
  EXPECT_FALSE(reads("kms", "ScheduleKeyDeletion"));
}

TEST_F(RequestAuditTest, NamesResources) {
  const auto named = [&](std::string_view service, std::string_view name, const char* input) {
    std::string text;
    for (const audit::Resource& resource :
         resources_of(models_.get(service), operation(service, name),
                      json::parse(input).as_object(), "1", "us-east-1")) {
      text += resource.arn + " ";
    }
    return text;
  };
  EXPECT_EQ(named("s3", "GetObject", R"({"Bucket":"b","Key":"a/k"})"),
            "arn:aws:s3:::b/a/k arn:aws:s3:::b ");
  EXPECT_EQ(named("sagemaker", "CreateTrainingJob",
                  R"({"TrainingJobName":"j","RoleArn":"arn:aws:iam::1:role/R"})"),
            "arn:aws:sagemaker:us-east-1:1:training-job/j arn:aws:iam::1:role/R ");
  EXPECT_EQ(named("kms", "Decrypt", R"({"KeyId":"alias/a"})"), "arn:aws:kms:us-east-1:1:alias/a ");
  EXPECT_EQ(named("iam", "GetRole", R"({"RoleName":"R"})"), "arn:aws:iam::1:role/R ");
  EXPECT_EQ(named("sagemaker", "ListModels", "{}"), "");
}

}  // namespace
}  // namespace clary::server
