#include "identity/policies.h"

#include <gtest/gtest.h>

#include "store/test_folder.h"

namespace clary::identity {
namespace {

class PoliciesTest : public testing::Test {
 protected:
  Decision simulate(const Role& role, std::string action, std::string resource) {
    const auto policies = policies_.of_role(role);
    return evaluate(policies, {.action = std::move(action),
                               .resource = std::move(resource),
                               .aws_principals = {},
                               .service_principal = {},
                               .context = {}})
        .decision;
  }

  store::TestFolder folder_;
  ManualClock clock_{Timestamp(std::chrono::seconds(1800000000))};
  store::Database database_{folder_ / "a.db", {Roles::migrations(), Policies::migrations()}};
  Roles roles_{database_, clock_};
  Policies policies_{database_, clock_};
};

TEST_F(PoliciesTest, EveryAwsPolicyParses) {
  for (const ManagedPolicy& policy : aws_managed_policies()) {
    const auto parsed = parse_policy(policy.current().document, PolicyKind::kIdentity);
    EXPECT_TRUE(parsed.has_value()) << policy.name << ": " << parsed.error();
    EXPECT_EQ(policies_.find(policy.arn)->name, policy.name);
  }
}

TEST_F(PoliciesTest, TheExecutionRoleMayTrainAndReadBucketsButNotMakeRoles) {
  const Role role = roles_.ensure_execution_role("000000000000");
  EXPECT_EQ(simulate(role, "sagemaker:CreateTrainingJob", "*"), Decision::kAllowed);
  EXPECT_EQ(simulate(role, "s3:GetObject", "arn:aws:s3:::any/key"), Decision::kAllowed);
  EXPECT_EQ(simulate(role, "logs:PutLogEvents", "*"), Decision::kAllowed);
  // What the SageMaker SDK v3 asks of any role before it trains.
  for (const char* action :
       {"cloudwatch:PutMetricData", "ec2:CreateNetworkInterface",
        "ec2:CreateNetworkInterfacePermission", "ec2:DeleteNetworkInterface",
        "ec2:DeleteNetworkInterfacePermission", "ec2:DescribeDhcpOptions", "ec2:DescribeVpcs",
        "ec2:DescribeNetworkInterfaces", "ec2:DescribeSecurityGroups", "ec2:DescribeSubnets",
        "ecr:GetAuthorizationToken", "glue:GetDatabase", "glue:GetPartitions", "glue:GetTable"}) {
    EXPECT_EQ(simulate(role, action, "*"), Decision::kAllowed) << action;
  }
  EXPECT_EQ(simulate(role, "iam:CreateRole", "*"), Decision::kImplicitDeny);
}

TEST_F(PoliciesTest, AnAccountsOwnPolicies) {
  ManagedPolicy policy;
  policy.account = "000000000000";
  policy.name = "ReadData";
  policy.versions = {{.id = "v1",
                      .document = R"({"Version":"2012-10-17","Statement":[{"Effect":"Deny",)"
                                  R"("Action":"s3:*","Resource":"*"}]})",
                      .created = clock_.now()}};
  ASSERT_TRUE(policies_.create(policy));
  EXPECT_EQ(policy.arn, "arn:aws:iam::000000000000:policy/ReadData");
  ManagedPolicy same = policy;
  EXPECT_FALSE(policies_.create(same));
  Role role = roles_.ensure_execution_role("000000000000");
  role.attached_policy_arns.push_back(policy.arn);
  EXPECT_EQ(simulate(role, "s3:GetObject", "arn:aws:s3:::any/key"), Decision::kExplicitDeny);
  policies_.update(policy.arn, [](ManagedPolicy& p) { p.tags["a"] = "b"; });
  EXPECT_EQ(policies_.find(policy.arn)->tags.at("a"), "b");
  EXPECT_EQ(policies_.list("000000000000").size(), 1U);
  EXPECT_TRUE(policies_.remove(policy.arn));
  EXPECT_FALSE(policies_.find(policy.arn).has_value());
}

}  // namespace
}  // namespace clary::identity
