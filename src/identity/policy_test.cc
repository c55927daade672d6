#include "identity/policy.h"

#include <gtest/gtest.h>

#include "identity/policy_conditions.h"

namespace clary::identity {
namespace {

NamedPolicy parsed(std::string_view text, PolicyKind kind = PolicyKind::kIdentity) {
  auto policy = parse_policy(text, kind);
  EXPECT_TRUE(policy.has_value()) << text << ": " << policy.error();
  return {.name = "p", .policy = std::make_shared<const Policy>(std::move(policy).value())};
}

std::string statement(std::string_view rest) {
  return R"({"Version":"2012-10-17","Statement":[{)" + std::string(rest) + "}]}";
}

Decision decide(std::string_view rest, PolicyRequest request,
                PolicyKind kind = PolicyKind::kIdentity) {
  const NamedPolicy policy = parsed(statement(rest), kind);
  return evaluate(std::span(&policy, 1), request).decision;
}

PolicyRequest asking(std::string action, std::string resource = "*",
                     std::map<std::string, std::vector<std::string>> context = {}) {
  return {.action = std::move(action),
          .resource = std::move(resource),
          .aws_principals = {},
          .service_principal = {},
          .context = std::move(context)};
}

constexpr auto kYes = Decision::kAllowed, kNo = Decision::kImplicitDeny,
               kDenied = Decision::kExplicitDeny;

TEST(Policy, ActionsAndResources) {
  const char* get = R"("Effect":"Allow","Action":"s3:Get*","Resource":"arn:aws:s3:::data/*")";
  EXPECT_EQ(decide(get, asking("s3:GetObject", "arn:aws:s3:::data/a/b")), kYes);
  EXPECT_EQ(decide(get, asking("S3:getobject", "arn:aws:s3:::data/a")), kYes);
  EXPECT_EQ(decide(get, asking("s3:PutObject", "arn:aws:s3:::data/a")), kNo);
  EXPECT_EQ(decide(get, asking("s3:GetObject", "arn:aws:s3:::Data/a")), kNo);
  const char* others =
      R"("Effect":"Allow","NotAction":["iam:*","sts:*"],"NotResource":"arn:aws:s3:::secret/*")";
  EXPECT_EQ(decide(others, asking("s3:GetObject", "arn:aws:s3:::data/a")), kYes);
  EXPECT_EQ(decide(others, asking("s3:GetObject", "arn:aws:s3:::secret/a")), kNo);
  EXPECT_EQ(decide(others, asking("iam:GetRole", "arn:aws:iam::1:role/r")), kNo);
  EXPECT_EQ(decide(R"("Effect":"Deny","Action":"*","Resource":"*")", asking("s3:GetObject")),
            kDenied);
}

TEST(Policy, DenyBeatsAllowWhateverTheOrder) {
  const std::vector<NamedPolicy> policies = {
      parsed(statement(R"("Effect":"Allow","Action":"*","Resource":"*")")),
      parsed(statement(R"("Effect":"Deny","Action":"s3:*","Resource":"*")"))};
  const Evaluation denied = evaluate(policies, asking("s3:GetObject"));
  EXPECT_EQ(denied.decision, kDenied);
  EXPECT_EQ(evaluate(policies, asking("sagemaker:ListModels")).decision, kYes);
}

TEST(Policy, Wildcards) {
  EXPECT_TRUE(matches_wildcard("*", ""));
  EXPECT_TRUE(matches_wildcard("a*b?c", "axxbxbyc"));
  EXPECT_FALSE(matches_wildcard("a*b?c", "axxbc"));
  EXPECT_TRUE(matches_wildcard("**a**", "a"));
  EXPECT_FALSE(matches_wildcard("", "a"));
  // Quadratic, not exponential.
  EXPECT_FALSE(matches_wildcard("*a*a*a*a*a*a*a*a*b", std::string(20000, 'a')));
}

TEST(Policy, TrustPoliciesNameTheirPrincipals) {
  const char* service =
      R"("Effect":"Allow","Principal":{"Service":"sagemaker.amazonaws.com"},"Action":"sts:AssumeRole")";
  PolicyRequest request = asking("sts:AssumeRole");
  request.service_principal = "sagemaker.amazonaws.com";
  EXPECT_EQ(decide(service, request, PolicyKind::kTrust), kYes);
  request.service_principal = "lambda.amazonaws.com";
  EXPECT_EQ(decide(service, request, PolicyKind::kTrust), kNo);
  request.service_principal.clear();
  request.aws_principals = {"arn:aws:sts::123456789012:assumed-role/R/s",
                            "arn:aws:iam::123456789012:role/R", "arn:aws:iam::123456789012:root"};
  const auto trusts = [&](std::string_view who) {
    return decide(R"("Effect":"Allow","Principal":{"AWS":")" + std::string(who) +
                      R"("},"Action":"sts:AssumeRole")",
                  request, PolicyKind::kTrust);
  };
  EXPECT_EQ(trusts("123456789012"), kYes);
  EXPECT_EQ(trusts("arn:aws:iam::123456789012:root"), kYes);
  EXPECT_EQ(trusts("arn:aws:iam::123456789012:role/R"), kYes);
  EXPECT_EQ(trusts("arn:aws:iam::123456789012:role/Other"), kNo);
  EXPECT_EQ(trusts("*"), kYes);
  EXPECT_EQ(decide(R"("Effect":"Allow","Principal":"*","Action":"sts:AssumeRole")", request,
                   PolicyKind::kTrust),
            kYes);
  EXPECT_EQ(
      decide(R"("Effect":"Deny","NotPrincipal":{"AWS":"123456789012"},"Action":"sts:AssumeRole")",
             request, PolicyKind::kTrust),
      kNo);
}

TEST(Policy, ConditionOperators) {
  const auto holds_for = [](std::string_view operation, std::string_view key, std::string_view want,
                            std::map<std::string, std::vector<std::string>> context) {
    const std::string rest = R"("Effect":"Allow","Action":"*","Resource":"*","Condition":{")" +
                             std::string(operation) + R"(":{")" + std::string(key) + R"(":)" +
                             std::string(want) + "}}";
    return decide(rest, asking("a:b", "*", std::move(context))) == kYes;
  };
  EXPECT_TRUE(holds_for("StringEquals", "aws:X", R"(["a","b"])", {{"aws:x", {"b"}}}));
  EXPECT_FALSE(holds_for("StringEquals", "aws:X", R"("a")", {{"aws:x", {"A"}}}));
  EXPECT_TRUE(holds_for("StringEqualsIgnoreCase", "aws:X", R"("a")", {{"aws:x", {"A"}}}));
  EXPECT_TRUE(holds_for("StringNotEquals", "aws:X", R"("a")", {}));
  EXPECT_FALSE(holds_for("StringNotEquals", "aws:X", R"(["a","b"])", {{"aws:x", {"b"}}}));
  EXPECT_TRUE(holds_for("StringLike", "aws:X", R"("s3-*")", {{"aws:x", {"s3-us"}}}));
  EXPECT_FALSE(holds_for("StringEquals", "aws:X", R"("a")", {}));
  EXPECT_TRUE(holds_for("StringEqualsIfExists", "aws:X", R"("a")", {}));
  EXPECT_TRUE(holds_for("NumericLessThan", "aws:N", "10", {{"aws:n", {"9.5"}}}));
  EXPECT_FALSE(holds_for("NumericLessThan", "aws:N", "10", {{"aws:n", {"ten"}}}));
  EXPECT_TRUE(holds_for("DateGreaterThan", "aws:CurrentTime", R"("2026-01-01T00:00:00Z")",
                        {{"aws:currenttime", {"2026-06-01T12:00:00Z"}}}));
  EXPECT_TRUE(holds_for("DateLessThan", "aws:EpochTime", R"("2030-01-01")",
                        {{"aws:epochtime", {"1800000000"}}}));
  EXPECT_TRUE(
      holds_for("Bool", "aws:SecureTransport", "true", {{"aws:securetransport", {"true"}}}));
  EXPECT_TRUE(holds_for("IpAddress", "aws:SourceIp", R"(["10.0.0.0/8","::1"])",
                        {{"aws:sourceip", {"10.2.3.4"}}}));
  EXPECT_FALSE(holds_for("NotIpAddress", "aws:SourceIp", R"("10.0.0.0/8")",
                         {{"aws:sourceip", {"10.2.3.4"}}}));
  EXPECT_FALSE(
      holds_for("IpAddress", "aws:SourceIp", R"("10.0.0.0/99")", {{"aws:sourceip", {"10.2.3.4"}}}));
  EXPECT_TRUE(holds_for("ArnLike", "aws:SourceArn", R"("arn:aws:sagemaker:*:1:training-job/*")",
                        {{"aws:sourcearn", {"arn:aws:sagemaker:us-east-1:1:training-job/x"}}}));
  EXPECT_FALSE(holds_for("ArnLike", "aws:SourceArn", R"("arn:aws:sagemaker:*:training-job/*")",
                         {{"aws:sourcearn", {"arn:aws:sagemaker:us-east-1:1:training-job/x"}}}));
  EXPECT_TRUE(holds_for("Null", "aws:X", "true", {}));
  EXPECT_TRUE(holds_for("Null", "aws:X", "false", {{"aws:x", {"1"}}}));
  EXPECT_TRUE(holds_for("ForAllValues:StringEquals", "aws:TagKeys", R"(["a","b"])",
                        {{"aws:tagkeys", {"a", "b"}}}));
  EXPECT_FALSE(holds_for("ForAllValues:StringEquals", "aws:TagKeys", R"(["a"])",
                         {{"aws:tagkeys", {"a", "b"}}}));
  EXPECT_TRUE(holds_for("ForAllValues:StringEquals", "aws:TagKeys", R"(["a"])", {}));
  EXPECT_TRUE(holds_for("ForAnyValue:StringEquals", "aws:TagKeys", R"(["a"])",
                        {{"aws:tagkeys", {"a", "b"}}}));
  EXPECT_FALSE(holds_for("ForAnyValue:StringEquals", "aws:TagKeys", R"(["a"])", {}));
}

TEST(Policy, Variables) {
  const char* home =
      R"("Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::home/${aws:username}/*")";
  EXPECT_EQ(
      decide(home, asking("s3:GetObject", "arn:aws:s3:::home/ann/x", {{"aws:username", {"ann"}}})),
      kYes);
  EXPECT_EQ(
      decide(home, asking("s3:GetObject", "arn:aws:s3:::home/bob/x", {{"aws:username", {"ann"}}})),
      kNo);
  // A name is no pattern, and an unknown variable matches nothing.
  EXPECT_EQ(
      decide(home, asking("s3:GetObject", "arn:aws:s3:::home/bob/x", {{"aws:username", {"*"}}})),
      kNo);
  EXPECT_EQ(decide(home, asking("s3:GetObject", "arn:aws:s3:::home//x")), kNo);
  const PolicyRequest request = asking("a:b", "*", {{"aws:principaltag/team", {"blue"}}});
  EXPECT_EQ(expand_variables("x-${aws:PrincipalTag/team, 'none'}", request), "x-blue");
  EXPECT_EQ(expand_variables("x-${aws:PrincipalTag/site, 'none'}", request), "x-none");
  EXPECT_EQ(expand_variables("${$}{a}", request), "${a}");
  EXPECT_TRUE(matches_pattern(*expand_variables("a${*}", request), "a*"));
  EXPECT_FALSE(matches_pattern(*expand_variables("a${*}", request), "ab"));
}

TEST(Policy, MalformedDocuments) {
  const auto error = [](std::string_view text, PolicyKind kind = PolicyKind::kIdentity) {
    const auto policy = parse_policy(text, kind);
    return policy ? std::string("fine") : policy.error();
  };
  EXPECT_EQ(error("{"), "This policy contains invalid Json");
  EXPECT_EQ(error("[]"), "Syntax errors in policy.");
  EXPECT_EQ(error(std::string(1000, '[')), "This policy contains invalid Json");
  EXPECT_EQ(error(R"({"Version":"2012-10-17","Statement":[]})"), "Syntax errors in policy.");
  EXPECT_EQ(error(statement(R"("Effect":"Maybe","Action":"*","Resource":"*")")),
            "Syntax errors in policy.");
  EXPECT_EQ(error(statement(R"("Effect":"Allow","Resource":"*")")),
            "Policy statement must contain actions.");
  EXPECT_EQ(error(statement(R"("Effect":"Allow","Action":"s3:*")")),
            "Policy statement must contain resources.");
  EXPECT_EQ(error(statement(R"("Effect":"Allow","Action":"List","Resource":"*")")),
            "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.");
  EXPECT_EQ(error(statement(R"("Effect":"Allow","Action":"s3:*","Resource":"bucket")")),
            "Resource bucket must be in ARN format or \"*\".");
  EXPECT_EQ(error(statement(R"("Effect":"Allow","Action":"s3:*","Resource":"*","Principal":"*")")),
            "Policy document should not specify a principal.");
  const char* no_principal = R"("Effect":"Allow","Action":"sts:AssumeRole")";
  EXPECT_EQ(error(statement(no_principal), PolicyKind::kTrust), "Missing required field Principal");
  EXPECT_EQ(
      error(statement(
          R"("Effect":"Allow","Action":"s3:*","Resource":"*","Condition":{"Like":{"a:b":"c"}})")),
      "Invalid Condition type : Like.");
}

}  // namespace
}  // namespace clary::identity
