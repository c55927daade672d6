#include "api/authorize.h"

#include <gtest/gtest.h>

#include "api/access_rules.h"
#include "identity/policy_authorizer.h"

namespace clary::api {
namespace {

constexpr const char* kAccount = "111111111111";

// A role whose policy the test writes.
class OneRole final : public identity::PrincipalPolicies {
 public:
  std::optional<identity::PrincipalPolicySet> of(const identity::Principal&) override {
    auto policy =
        identity::parse_policy(R"({"Version":"2012-10-17","Statement":[)" + statements + "]}",
                               identity::PolicyKind::kIdentity);
    EXPECT_TRUE(policy.has_value()) << statements << ": " << policy.error();
    return identity::PrincipalPolicySet{
        .identity = {{.name = "test",
                      .policy = std::make_shared<const identity::Policy>(policy.value())}},
        .boundary = std::nullopt,
        .principal_arn = "arn:aws:iam::111111111111:role/R",
        .tags = {}};
  }
  std::optional<identity::NamedPolicy> managed(std::string_view) override { return std::nullopt; }
  std::uint64_t stamp() const override { return changes; }

  std::string statements;
  std::uint64_t changes = 0;
};

// A service with one resource that has tags.
class Tagged final : public Service {
 public:
  std::string_view model_name() const override { return "sagemaker"; }
  std::vector<OperationEntry> operations() override { return {}; }
  void add_resource_context(const std::string& arn, const Call&,
                            identity::Context& context) override {
    if (arn.ends_with("model/blue")) add_resource_tags({{"Team", "blue"}}, "sagemaker", context);
  }
};

class AuthorizeTest : public testing::Test {
 protected:
  AuthorizeTest() {
    principal_.kind = identity::Principal::Kind::kAssumedRole;
    principal_.account = kAccount;
    principal_.arn = "arn:aws:sts::111111111111:assumed-role/R/s";
    principal_.user_id = "AROAR:s";
    principal_.name = "R";
    request_.peer = "10.1.2.3:4567";
  }

  // "" when the caller may, else the error's message.
  std::string call(std::string_view operation, const json::object& input,
                   const std::string& statements, std::string_view service = "sagemaker") {
    role_.statements = statements;
    ++role_.changes;
    const wire::ServiceModel& model = models_.get(service);
    Call call{.model = model,
              .operation = *model.find_operation(operation),
              .principal = principal_,
              .account = principal_.account,
              .region = "us-west-2",
              .request_id = "id",
              .now = Timestamp(std::chrono::seconds(1800000000)),
              .request = request_,
              .authorizer = authorizer_,
              .body = {}};
    try {
      authorize_by_rules(service_, input, call);
    } catch (const wire::ApiError& error) {
      return error.what();
    }
    return "";
  }
  static std::string allow(const std::string& action, const std::string& resource,
                           const std::string& condition = "") {
    return R"({"Effect":"Allow","Action":")" + action + R"(","Resource":")" + resource + "\"" +
           (condition.empty() ? "" : ",\"Condition\":" + condition) + "}";
  }

  wire::Models models_;
  OneRole role_;
  identity::PolicyAuthorizer authorizer_{role_};
  Tagged service_;
  identity::Principal principal_;
  RequestHead request_;
};

TEST_F(AuthorizeTest, EveryOperationHasAnAction) {
  const std::set<std::string> free = {
      "sts.AssumeRole",      "sts.AssumeRoleWithSAML", "sts.AssumeRoleWithWebIdentity",
      "sts.AssumeRoot",      "sts.GetCallerIdentity",  "sts.GetDelegatedAccessToken",
      "sts.GetSessionToken", "sts.GetWebIdentityToken"};
  std::size_t operations = 0, unlisted = 0;
  for (const std::string_view service : models_.names()) {
    if (service == "s3") continue;  // api/s3 has its own
    for (const wire::Operation& operation : models_.get(service).operations()) {
      const OperationRule* const rule = AccessRules::get().find(service, operation.name);
      const std::string name = std::string(service) + "." + operation.name;
      ASSERT_NE(rule, nullptr) << name;
      EXPECT_EQ(rule->free, free.contains(name)) << name;
      EXPECT_TRUE(rule->free || !rule->resources.empty()) << name;
      EXPECT_NE(rule->action.find(':'), std::string::npos) << name;
      ++operations;
      unlisted += rule->unlisted ? 1 : 0;
      for (const ResourceTemplate& resource : rule->resources) {
        const auto has = [&](const std::string& member) {
          return operation.input != nullptr && operation.input->find_member(member) != nullptr;
        };
        if (!resource.arn_member.empty()) {
          EXPECT_TRUE(has(resource.arn_member)) << name << " " << resource.arn_member;
        }
        for (const auto& piece : resource.pieces) {
          for (const auto& member : piece.members) {
            EXPECT_TRUE(has(member.name)) << name << " " << member.name;
          }
        }
      }
    }
  }
  EXPECT_GT(operations, 900U);
  // Operations that are younger than the reference: their action has their own name.
  EXPECT_LT(unlisted, operations / 10);
}

TEST_F(AuthorizeTest, ResourcesComeFromTheInput) {
  const json::object input{{"TrainingJobName", "Mine-1"}};
  EXPECT_EQ(call("DescribeTrainingJob", input,
                 allow("sagemaker:Describe*",
                       "arn:aws:sagemaker:us-west-2:111111111111:training-job/mine-*")),
            "");
  EXPECT_EQ(call("DescribeTrainingJob", {{"TrainingJobName", "other"}},
                 allow("sagemaker:Describe*",
                       "arn:aws:sagemaker:us-west-2:111111111111:training-job/mine-*")),
            "User: arn:aws:sts::111111111111:assumed-role/R/s is not authorized to perform: "
            "sagemaker:DescribeTrainingJob on resource: "
            "arn:aws:sagemaker:us-west-2:111111111111:training-job/other because no identity-based "
            "policy allows the sagemaker:DescribeTrainingJob action");
  const json::object endpoint{{"EndpointName", "e"}, {"EndpointConfigName", "c"}};
  const std::string on_endpoint =
      allow("sagemaker:CreateEndpoint", "arn:aws:sagemaker:us-west-2:111111111111:endpoint/*");
  EXPECT_NE(call("CreateEndpoint", endpoint, on_endpoint).find("endpoint-config/c"),
            std::string::npos);
  EXPECT_EQ(call("CreateEndpoint", endpoint,
                 on_endpoint + "," +
                     allow("sagemaker:CreateEndpoint",
                           "arn:aws:sagemaker:us-west-2:111111111111:endpoint-config/c")),
            "");
  EXPECT_EQ(call("ListModels", {}, allow("sagemaker:ListModels", "*")), "");
}

TEST_F(AuthorizeTest, ResourcesMayBeGivenAsArns) {
  const std::string arn = "arn:aws:sagemaker:us-west-2:111111111111:training-job/secret";
  const json::object tags = {
      {"ResourceArn", "arn:aws:sagemaker:us-west-2:111111111111:training-job/SECRET"},
      {"Tags", json::array{{{"Key", "a"}, {"Value", "b"}}}}};
  EXPECT_EQ(call("AddTags", tags, allow("*", "*")), "");
  // Names that differ by case are one resource, so a Deny cannot be got around.
  EXPECT_NE(call("AddTags", tags,
                 allow("*", "*") + R"(,{"Effect":"Deny","Action":"*","Resource":")" + arn + "\"}"),
            "");
  // Another account's resource, whatever the caller's own policies say.
  const json::object foreign = {
      {"ModelPackageName", "arn:aws:sagemaker:us-west-2:222222222222:model-package/m/1"}};
  EXPECT_NE(call("DescribeModelPackage", foreign, allow("*", "*")).find("no resource-based policy"),
            std::string::npos);
}

TEST_F(AuthorizeTest, ConditionsSeeInputAndTags) {
  const json::object job = json::parse(R"({"TrainingJobName":"j",
      "ResourceConfig":{"InstanceType":"ml.m5.large","VolumeKmsKeyId":"key-1"},
      "StoppingCondition":{"MaxRuntimeInSeconds":600},"EnableNetworkIsolation":true,
      "OutputDataConfig":{"KmsKeyId":"key-2"},"VpcConfig":{"Subnets":["s-1","s-2"]},
      "Tags":[{"Key":"team","Value":"blue"}]})")
                               .as_object();
  const auto with = [&](const std::string& condition) {
    return call("CreateTrainingJob", job, allow("sagemaker:*", "*", condition));
  };
  EXPECT_EQ(with(R"({"ForAllValues:StringLike":{"sagemaker:InstanceTypes":"ml.m5.*"}})"), "");
  EXPECT_NE(with(R"({"ForAllValues:StringLike":{"sagemaker:InstanceTypes":"ml.c5.*"}})"), "");
  EXPECT_EQ(with(R"({"StringEquals":{"sagemaker:VolumeKmsKey":"key-1",)"
                 R"("sagemaker:OutputKmsKey":"key-2"}})"),
            "");
  EXPECT_EQ(with(R"({"Bool":{"sagemaker:NetworkIsolation":"true"}})"), "");
  EXPECT_NE(with(R"({"NumericLessThan":{"sagemaker:MaxRuntimeInSeconds":"600"}})"), "");
  EXPECT_EQ(with(R"({"ForAllValues:StringEquals":{"sagemaker:VpcSubnets":["s-1","s-2"]}})"), "");
  EXPECT_EQ(with(R"({"StringEquals":{"aws:RequestTag/team":"blue"},)"
                 R"("ForAllValues:StringEquals":{"aws:TagKeys":["team"]}})"),
            "");
  EXPECT_NE(with(R"({"StringEquals":{"aws:RequestTag/team":"red"}})"), "");
  EXPECT_EQ(with(R"({"IpAddress":{"aws:SourceIp":"10.1.0.0/16"}})"), "");
  const std::string own =
      allow("sagemaker:DescribeModel", "*", R"({"StringEquals":{"aws:ResourceTag/team":"blue"}})");
  EXPECT_EQ(call("DescribeModel", {{"ModelName", "Blue"}}, own), "");
  EXPECT_NE(call("DescribeModel", {{"ModelName", "red"}}, own), "");
}

TEST_F(AuthorizeTest, RolesArePassedWithPermissionOnly) {
  const json::object model{{"ModelName", "m"},
                           {"ExecutionRoleArn", "arn:aws:iam::111111111111:role/Admin"}};
  const std::string create = allow("sagemaker:CreateModel", "*");
  EXPECT_EQ(call("CreateModel", model, create),
            "User: arn:aws:sts::111111111111:assumed-role/R/s is not authorized to perform: "
            "iam:PassRole on resource: arn:aws:iam::111111111111:role/Admin because no "
            "identity-based policy allows the iam:PassRole action");
  EXPECT_EQ(
      call("CreateModel", model,
           create + "," +
               allow("iam:PassRole", "arn:aws:iam::111111111111:role/*",
                     R"({"StringEquals":{"iam:PassedToService":"sagemaker.amazonaws.com"}})")),
      "");
  EXPECT_NE(call("CreateModel", model,
                 create + "," +
                     allow("iam:PassRole", "*",
                           R"({"StringEquals":{"iam:PassedToService":"lambda.amazonaws.com"}})")),
            "");
  json::object foreign = model;
  foreign["ExecutionRoleArn"] = "arn:aws:iam::222222222222:role/Admin";
  EXPECT_NE(call("CreateModel", foreign, allow("*", "*")), "");
  principal_.owner = true;
  EXPECT_EQ(call("CreateModel", model, ""), "");
  EXPECT_NE(call("CreateModel", foreign, ""), "");
}

TEST_F(AuthorizeTest, TagsNeedTheirOwnAction) {
  const json::object model{{"ModelName", "m"},
                           {"Tags", json::array{{{"Key", "a"}, {"Value", "b"}}}}};
  EXPECT_NE(call("CreateModel", model, allow("sagemaker:CreateModel", "*")).find("AddTags"),
            std::string::npos);
  EXPECT_EQ(call("CreateModel", model,
                 allow("sagemaker:CreateModel", "*") + "," + allow("sagemaker:AddTags", "*")),
            "");
}

TEST_F(AuthorizeTest, LogGroupsAndOthersAsTheirServicesNameThem) {
  EXPECT_EQ(call("CreateLogGroup", {{"logGroupName", "/aws/x"}},
                 allow("logs:*", "arn:aws:logs:us-west-2:111111111111:log-group:/aws/x:*"), "logs"),
            "");
  EXPECT_EQ(call("PutMetricData", {{"Namespace", "mine"}},
                 allow("cloudwatch:PutMetricData", "*",
                       R"({"StringEquals":{"cloudwatch:namespace":"mine"}})"),
                 "cloudwatch"),
            "");
  EXPECT_EQ(
      call("GetCallerIdentity", {}, R"({"Effect":"Deny","Action":"*","Resource":"*"})", "sts"), "");
}

}  // namespace
}  // namespace clary::api
