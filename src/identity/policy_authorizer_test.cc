#include "identity/policy_authorizer.h"

#include <gtest/gtest.h>

namespace clary::identity {
namespace {

constexpr const char* kAccount = "111111111111";
constexpr const char* kOther = "222222222222";
constexpr const char* kData = "arn:aws:s3:::data/x";

std::shared_ptr<const Policy> parsed(const std::string& statement, PolicyKind kind) {
  auto policy = parse_policy(R"({"Version":"2012-10-17","Statement":[{)" + statement + "}]}", kind);
  EXPECT_TRUE(policy.has_value()) << statement << ": " << policy.error();
  return std::make_shared<const Policy>(std::move(policy).value());
}

std::string allow(const std::string& action, const std::string& resource = "*") {
  return R"("Effect":"Allow","Action":")" + action + R"(","Resource":")" + resource + "\"";
}

AccessRequest asking(std::string action, std::string resource = kData) {
  AccessRequest request;
  request.action = std::move(action);
  request.resource = std::move(resource);
  return request;
}

// One user and one role whose policies the test sets.
class Principals final : public PrincipalPolicies {
 public:
  std::optional<PrincipalPolicySet> of(const Principal&) override {
    ++reads;
    if (gone) return std::nullopt;
    PrincipalPolicySet set{
        .identity = {}, .boundary = std::nullopt, .principal_arn = arn, .tags = tags};
    for (const std::string& statement : identity) {
      set.identity.push_back(
          {.name = "identity", .policy = parsed(statement, PolicyKind::kIdentity)});
    }
    if (!boundary.empty()) {
      set.boundary =
          NamedPolicy{.name = "boundary", .policy = parsed(boundary, PolicyKind::kIdentity)};
    }
    return set;
  }
  std::optional<NamedPolicy> managed(std::string_view policy_arn) override {
    if (policy_arn != "arn:aws:iam::aws:policy/ReadOnly") return std::nullopt;
    return NamedPolicy{.name = "ReadOnly",
                       .policy = parsed(allow("s3:Get*"), PolicyKind::kIdentity)};
  }
  std::uint64_t stamp() const override { return changes; }

  std::vector<std::string> identity;
  std::string boundary, arn = "arn:aws:iam::111111111111:user/ann";
  std::map<std::string, std::string> tags;
  bool gone = false;
  std::uint64_t changes = 0;
  int reads = 0;
};

class PolicyAuthorizerTest : public testing::Test {
 protected:
  PolicyAuthorizerTest() {
    user_.kind = Principal::Kind::kUser;
    user_.account = kAccount;
    user_.arn = principals_.arn;
    user_.user_id = "AIDAANN";
    user_.name = "ann";
    session_.kind = Principal::Kind::kAssumedRole;
    session_.account = kAccount;
    session_.arn = "arn:aws:sts::111111111111:assumed-role/R/s";
    session_.user_id = "AROAR:s";
    session_.name = "R";
    root_.account = kAccount;
    root_.arn = "arn:aws:iam::111111111111:root";
    root_.user_id = kAccount;
  }
  void become_role() { principals_.arn = "arn:aws:iam::111111111111:role/team/R"; }

  Verdict ask(const Principal& who, AccessRequest request = {}) {
    if (request.action.empty()) request.action = "s3:GetObject";
    if (request.resource == "*") request.resource = kData;
    ++principals_.changes;
    return authorizer_.decide(who, request);
  }
  bool may(const Principal& who, AccessRequest request = {}) {
    return ask(who, std::move(request)).allowed;
  }
  static AccessRequest with(const std::string& statement, std::string resource_account = kAccount,
                            bool required = false) {
    AccessRequest request;
    request.resource_account = std::move(resource_account);
    request.resource_policy = parsed(statement, PolicyKind::kResource);
    request.resource_policy_required = required;
    return request;
  }
  static std::string to(const std::string& principal, const std::string& effect = "Allow") {
    return R"("Effect":")" + effect + R"(","Principal":)" + principal +
           R"(,"Action":"*","Resource":"*")";
  }

  Principals principals_;
  PolicyAuthorizer authorizer_{principals_};
  Principal user_, session_, root_;
};

TEST_F(PolicyAuthorizerTest, NothingIsAllowedUnlessAPolicySaysSo) {
  Verdict verdict = ask(user_);
  EXPECT_FALSE(verdict.allowed);
  EXPECT_EQ(verdict.reason, "because no identity-based policy allows the s3:GetObject action");
  principals_.identity = {allow("s3:Get*")};
  verdict = ask(user_);
  EXPECT_TRUE(verdict.allowed);
  ASSERT_EQ(verdict.matched.size(), 1U);
  EXPECT_EQ(verdict.matched[0].policy, "identity");
  principals_.identity.push_back(R"("Sid":"No","Effect":"Deny","Action":"*","Resource":"*")");
  verdict = ask(user_);
  EXPECT_EQ(verdict.decision, Decision::kExplicitDeny);
  EXPECT_EQ(verdict.reason, "with an explicit deny in an identity-based policy");
  EXPECT_EQ(verdict.matched[0].sid, "No");
  principals_.identity.pop_back();
  principals_.gone = true;
  EXPECT_FALSE(may(user_));
}

TEST_F(PolicyAuthorizerTest, RootAndOwnerMayAllInTheirAccountUnlessTheResourceDenies) {
  session_.owner = true;
  for (const Principal& who : {root_, session_}) {
    EXPECT_TRUE(may(who));
    EXPECT_FALSE(may(who, with(to("\"*\"", "Deny"))));
    AccessRequest foreign = asking("s3:GetObject");
    foreign.resource_account = kOther;
    EXPECT_FALSE(may(who, foreign));
    EXPECT_TRUE(may(who, with(to(R"({"AWS":"111111111111"})"), kOther)));
    AccessRequest undo = with(to("\"*\"", "Deny"));
    undo.action = "s3:DeleteBucketPolicy";
    EXPECT_TRUE(may(who, undo));
    // A key whose policy does not name the account is out of reach, as in KMS.
    EXPECT_FALSE(may(who, with(to(R"({"AWS":"222222222222"})"), kAccount, true)));
    EXPECT_TRUE(may(who, with(to(R"({"AWS":"111111111111"})"), kAccount, true)));
  }
}

TEST_F(PolicyAuthorizerTest, ABoundaryOnlyNarrows) {
  principals_.identity = {allow("*")};
  principals_.boundary = allow("s3:*");
  EXPECT_TRUE(may(user_));
  const Verdict verdict = ask(user_, asking("kms:Decrypt"));
  EXPECT_EQ(verdict.reason, "because no permissions boundary allows the kms:Decrypt action");
  principals_.identity.clear();
  EXPECT_FALSE(may(user_));
  principals_.identity = {allow("*")};
  principals_.boundary = R"("Effect":"Deny","Action":"s3:*","Resource":"*")";
  EXPECT_EQ(ask(user_).reason, "with an explicit deny in a permissions boundary");
}

TEST_F(PolicyAuthorizerTest, ASessionPolicyOnlyNarrows) {
  become_role();
  principals_.identity = {allow("s3:*")};
  session_.session_policy =
      R"({"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":["s3:GetObject","kms:*"],"Resource":"*"}})";
  EXPECT_TRUE(may(session_));
  EXPECT_EQ(ask(session_, asking("s3:PutObject")).reason,
            "because no session policy allows the s3:PutObject action");
  EXPECT_FALSE(may(session_, asking("kms:Decrypt")));
  session_.session_policy.clear();
  session_.session_policy_arns = {"arn:aws:iam::aws:policy/ReadOnly"};
  EXPECT_TRUE(may(session_));
  EXPECT_FALSE(may(session_, asking("s3:PutObject")));
  session_.session_policy_arns = {"arn:aws:iam::aws:policy/Gone"};
  EXPECT_FALSE(may(session_));
  // A federated user has what both say, and nothing when the session says nothing.
  Principal federated = user_;
  federated.kind = Principal::Kind::kFederatedUser;
  EXPECT_FALSE(may(federated));
}

TEST_F(PolicyAuthorizerTest, InOneAccountThePolicyOfTheResourceIsEnough) {
  EXPECT_TRUE(may(user_, with(to(R"({"AWS":"arn:aws:iam::111111111111:user/ann"})"))));
  EXPECT_TRUE(may(user_, with(to(R"({"AWS":"*"})"))));
  EXPECT_FALSE(may(user_, with(to(R"({"AWS":"arn:aws:iam::111111111111:user/bob"})"))));
  // The account as principal leaves it to the account's own policies.
  EXPECT_FALSE(may(user_, with(to(R"({"AWS":"111111111111"})"))));
  principals_.identity = {allow("s3:*")};
  EXPECT_TRUE(may(user_, with(to(R"({"AWS":"111111111111"})"), kAccount, true)));
  EXPECT_FALSE(may(user_, with(to(R"({"AWS":"222222222222"})"), kAccount, true)));
  EXPECT_EQ(ask(user_, with(to(R"({"AWS":"arn:aws:iam::111111111111:user/ann"})", "Deny"))).reason,
            "with an explicit deny in a resource-based policy");
}

TEST_F(PolicyAuthorizerTest, ARoleNamedByAResourceIsStillNarrowed) {
  become_role();
  const std::string role = R"({"AWS":"arn:aws:iam::111111111111:role/team/R"})";
  EXPECT_TRUE(may(session_, with(to(role))));
  principals_.boundary = allow("kms:*");
  EXPECT_FALSE(may(session_, with(to(role))));
  // The session itself is not.
  EXPECT_TRUE(may(session_, with(to(R"({"AWS":")" + session_.arn + R"("})"))));
}

TEST_F(PolicyAuthorizerTest, AcrossAccountsBothSidesMustAllow) {
  const std::string to_account = to(R"({"AWS":"111111111111"})");
  EXPECT_FALSE(may(user_, with(to_account, kOther)));
  principals_.identity = {allow("s3:*")};
  EXPECT_TRUE(may(user_, with(to_account, kOther)));
  AccessRequest alone = asking("s3:GetObject");
  alone.resource_account = kOther;
  EXPECT_EQ(ask(user_, alone).reason,
            "because no resource-based policy allows the s3:GetObject action");
  EXPECT_TRUE(may(
      user_, with(to(R"({"CanonicalUser":")" + canonical_user_id(kAccount) + R"("})"), kOther)));
}

TEST_F(PolicyAuthorizerTest, OutsidersComeInByResourcePoliciesOnly) {
  Principal anonymous;
  anonymous.kind = Principal::Kind::kAnonymous;
  anonymous.arn = "anonymous";
  EXPECT_FALSE(may(anonymous));
  EXPECT_TRUE(may(anonymous, with(to("\"*\""), kOther)));
  EXPECT_TRUE(may(anonymous, with(to(R"({"AWS":"*"})"), kOther)));
  EXPECT_FALSE(may(anonymous, with(to(R"({"AWS":"111111111111"})"), kOther)));
  AccessRequest granted = asking("s3:GetObject");
  granted.resource_account = kOther;
  granted.granted = true;
  EXPECT_TRUE(may(anonymous, granted));
  Principal service;
  service.kind = Principal::Kind::kService;
  service.arn = "sagemaker.amazonaws.com";
  EXPECT_TRUE(may(service, with(to(R"({"Service":"sagemaker.amazonaws.com"})"), kOther, true)));
  EXPECT_FALSE(may(service, with(to(R"({"Service":"lambda.amazonaws.com"})"), kOther, true)));
}

TEST_F(PolicyAuthorizerTest, ConditionsMayAskAboutTheCallerAndTheRequest) {
  principals_.tags = {{"Team", "blue"}};
  principals_.identity = {allow("s3:*", "arn:aws:s3:::${aws:PrincipalTag/team}/${aws:username}/*")};
  AccessRequest request = asking("s3:GetObject", "arn:aws:s3:::blue/ann/x");
  EXPECT_TRUE(may(user_, request));
  request.resource = "arn:aws:s3:::blue/bob/x";
  EXPECT_FALSE(may(user_, request));
  int asked = 0;
  request.more_context = [&](Context& context) {
    ++asked;
    context["aws:sourceip"] = {"10.0.0.1"};
  };
  principals_.identity = {allow("s3:*") +
                          R"(,"Condition":{"IpAddress":{"aws:SourceIp":"10.0.0.0/8"}})"};
  EXPECT_TRUE(may(user_, request));
  EXPECT_EQ(asked, 1);
  principals_.identity = {allow("s3:*")};
  EXPECT_TRUE(may(user_, request));
  EXPECT_EQ(asked, 1);
}

TEST_F(PolicyAuthorizerTest, PoliciesAreReadOncePerChange) {
  principals_.identity = {allow("s3:*")};
  const AccessRequest request = asking("s3:GetObject");
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(authorizer_.decide(user_, request).allowed);
  EXPECT_EQ(principals_.reads, 1);
  principals_.identity.clear();
  ++principals_.changes;
  EXPECT_FALSE(authorizer_.decide(user_, request).allowed);
  EXPECT_EQ(principals_.reads, 2);
}

}  // namespace
}  // namespace clary::identity
