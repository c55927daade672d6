#include "api/sts/sts_service.h"
#include "api/test_caller.h"
#include "identity/policy_authorizer.h"
#include "identity/web_token_test_support.h"
#include "keys/keys_fixture.h"
#include "store/test_folder.h"

namespace clary::api {
namespace {

constexpr std::string_view kAccount = "000000000000", kOther = "111111111111";

class StsTest : public testing::Test {
 protected:
  StsTest() {
    roles_.ensure_execution_role(kAccount);
    roles_.ensure_execution_role(kOther);
    caller_.authority = &authorizer_;
  }

  // A role that `principal` (a member of Principal, as JSON) may assume.
  void make_role(
      std::string_view principal, std::string_view condition = "{}",
      std::string_view action = R"(["sts:AssumeRole","sts:TagSession","sts:SetSourceIdentity"])") {
    identity::Role role;
    role.account = kAccount;
    role.name = "Analyst";
    role.path = "/team/";
    role.max_session_seconds = 7200;
    role.trust_policy = R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{)" +
                        std::string(principal) + R"(},"Action":)" + std::string(action) +
                        R"(,"Condition":)" + std::string(condition) + "}]}";
    ASSERT_TRUE(roles_.create(role));
  }
  void make_role_for(std::string_view arn, std::string_view condition = "{}") {
    make_role(R"("AWS":")" + std::string(arn) + R"(")", condition);
  }
  // Gives the caller's role an identity policy.
  void allow(std::string_view account, std::string_view action) {
    std::ignore = roles_.update(account, identity::kExecutionRole, [&](identity::Role& role) {
      role.inline_policies["sts"] =
          R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":")" +
          std::string(action) + R"(","Resource":"*"}]})";
    });
  }
  void become(std::string_view account) {
    identity::Principal& principal = caller_.principal;
    principal.account = account;
    principal.arn = "arn:aws:sts::" + principal.account + ":assumed-role/ClaryExecutionRole/local";
    principal.user_id = identity::execution_role_id(account) + ":local";
  }
  void become_user(std::string_view name) {
    identity::User user;
    user.account = kAccount;
    user.name = name;
    ASSERT_TRUE(users_.create(user));
    identity::Principal& principal = caller_.principal;
    principal.kind = identity::Principal::Kind::kUser;
    principal.arn = user.arn;
    principal.user_id = user.id;
    principal.name = user.name;
  }
  static json::object request(json::object more = {}) {
    more["RoleArn"] = "arn:aws:iam::000000000000:role/team/Analyst";
    more["RoleSessionName"] = "me";
    return more;
  }
  std::shared_ptr<const identity::AccessKey> key_in(const json::object& output) {
    return credentials_.find(string_or(*find_object(output, "Credentials"), "AccessKeyId"));
  }

  store::TestFolder folder_;
  ManualClock clock_{Timestamp(std::chrono::seconds(1800000000))};
  store::Database database_{folder_ / "a.db",
                            {identity::Roles::migrations(), identity::Credentials::migrations(),
                             identity::Users::migrations(), identity::Policies::migrations()}};
  identity::Roles roles_{database_, clock_};
  keys::TestSealer sealer_;
  identity::Users users_{database_, clock_};
  identity::Groups groups_{database_, clock_};
  identity::Policies policies_{database_, clock_};
  identity::OidcProviders providers_{database_, clock_};
  identity::Credentials credentials_{database_, clock_, sealer_};
  identity::StoredPrincipalPolicies principals_{users_, groups_, roles_, policies_};
  identity::PolicyAuthorizer authorizer_{principals_};
  StsService service_{{.credentials = credentials_,
                       .roles = roles_,
                       .policies = policies_,
                       .providers = providers_}};
  TestCaller caller_{service_, clock_};
  const std::string refusal_ =
      "AccessDenied: User: arn:aws:sts::000000000000:assumed-role/ClaryExecutionRole/local is not "
      "authorized to perform: sts:AssumeRole on resource: "
      "arn:aws:iam::000000000000:role/team/Analyst";
};

TEST_F(StsTest, CallerIdentityIsWhatSdksRewriteToARole) {
  const auto identity = caller_.call("GetCallerIdentity");
  EXPECT_EQ(string_or(identity, "Arn"),
            "arn:aws:sts::000000000000:assumed-role/ClaryExecutionRole/local");
  EXPECT_EQ(string_or(identity, "Account"), "000000000000");
}

TEST_F(StsTest, AssumeRoleGivesAKeyOfTheRole) {
  make_role_for("arn:aws:iam::000000000000:role/ClaryExecutionRole");
  const auto output = caller_.call("AssumeRole", request({{"DurationSeconds", 900}}));
  EXPECT_EQ(string_or(*find_object(output, "AssumedRoleUser"), "Arn"),
            "arn:aws:sts::000000000000:assumed-role/Analyst/me");
  const json::object& given = *find_object(output, "Credentials");
  allow(kAccount, "sts:GetAccessKeyInfo");
  const auto key = credentials_.find(string_or(given, "AccessKeyId"));
  ASSERT_NE(key, nullptr);
  EXPECT_EQ(key->secret, string_or(given, "SecretAccessKey"));
  EXPECT_EQ(key->session_token, string_or(given, "SessionToken"));
  EXPECT_EQ(find_double(given, "Expiration"),
            epoch_seconds(clock_.now() + std::chrono::seconds(900)));
  EXPECT_EQ(string_or(caller_.call("GetAccessKeyInfo", {{"AccessKeyId", key->id}}), "Account"),
            "000000000000");
  EXPECT_EQ(caller_.error("AssumeRole", request({{"DurationSeconds", 10800}})),
            "ValidationError: The requested DurationSeconds exceeds the MaxSessionDuration set for "
            "this role.");
  EXPECT_EQ(caller_.error("AssumeRole", request({{"Policy", "{"}})),
            "MalformedPolicyDocument: This policy contains invalid Json");
}

TEST_F(StsTest, OnlyThoseWhomTheRoleTrusts) {
  EXPECT_EQ(caller_.error("AssumeRole", request()), refusal_);
  make_role_for("arn:aws:iam::000000000000:role/Other");
  EXPECT_EQ(caller_.error("AssumeRole", request()), refusal_);
}

TEST_F(StsTest, ConditionsOfTheTrustPolicy) {
  make_role_for("arn:aws:iam::000000000000:role/ClaryExecutionRole",
                R"({"StringEquals":{"sts:ExternalId":"secret"}})");
  EXPECT_EQ(caller_.error("AssumeRole", request()), refusal_);
  EXPECT_EQ(caller_.error("AssumeRole", request({{"ExternalId", "guess"}})), refusal_);
  const auto output = caller_.call(
      "AssumeRole", request({{"ExternalId", "secret"},
                             {"Tags", json::array{{{"Key", "team"}, {"Value", "a"}}}}}));
  EXPECT_EQ(key_in(output)->principal->session_tags.at("team"), "a");
  EXPECT_GT(find_int(output, "PackedPolicySize").value_or(0), 0);
}

TEST_F(StsTest, TrustInTheAccountLeavesItToIdentityPolicies) {
  make_role_for("000000000000");
  EXPECT_EQ(caller_.error("AssumeRole", request()), refusal_);
  allow(kAccount, "sts:AssumeRole");
  caller_.call("AssumeRole", request());
}

TEST_F(StsTest, AnotherAccountNeedsBothSides) {
  make_role_for("arn:aws:iam::111111111111:root");
  become(kOther);
  EXPECT_TRUE(caller_.error("AssumeRole", request()).starts_with("AccessDenied"));
  allow(kOther, "sts:AssumeRole");
  const auto output = caller_.call("AssumeRole", request());
  EXPECT_EQ(key_in(output)->principal->account, kAccount);
  become(kAccount);
  allow(kAccount, "sts:AssumeRole");
  EXPECT_EQ(caller_.error("AssumeRole", request()), refusal_);
}

TEST_F(StsTest, ChainedSessionsLastAnHourAndKeepWhatIsTransitive) {
  make_role_for("*");
  caller_.principal.temporary = true;
  caller_.principal.session_tags = {{"team", "a"}, {"desk", "b"}};
  caller_.principal.transitive_tags = {"team"};
  caller_.principal.source_identity = "ann";
  EXPECT_EQ(caller_.error("AssumeRole", request({{"DurationSeconds", 7200}})),
            "ValidationError: The requested DurationSeconds exceeds the 1 hour session limit for "
            "roles assumed by role chaining.");
  const auto key = key_in(caller_.call("AssumeRole", request()));
  EXPECT_EQ(key->principal->session_tags, (std::map<std::string, std::string>{{"team", "a"}}));
  EXPECT_EQ(key->principal->transitive_tags, std::vector<std::string>{"team"});
  EXPECT_EQ(key->principal->source_identity, "ann");
  EXPECT_TRUE(
      caller_
          .error("AssumeRole", request({{"Tags", json::array{{{"Key", "Team"}, {"Value", "x"}}}}}))
          .starts_with("InvalidParameterValue"));
  EXPECT_TRUE(caller_.error("AssumeRole", request({{"SourceIdentity", "bob"}}))
                  .starts_with("AccessDenied"));
}

TEST_F(StsTest, ManagedSessionPoliciesMustBeThere) {
  make_role_for("*");
  const auto with = [](std::string_view name) {
    return request(
        {{"PolicyArns", json::array{{{"arn", "arn:aws:iam::aws:policy/" + std::string(name)}}}}});
  };
  const auto key = key_in(caller_.call("AssumeRole", with("AmazonS3ReadOnlyAccess")));
  EXPECT_EQ(key->principal->session_policy_arns.size(), 1U);
  EXPECT_TRUE(caller_.error("AssumeRole", with("None")).starts_with("ValidationError"));
}

TEST_F(StsTest, RootAssumesNoRole) {
  make_role_for("*");
  caller_.principal.kind = identity::Principal::Kind::kRoot;
  EXPECT_EQ(caller_.error("AssumeRole", request()),
            "AccessDenied: Roles may not be assumed by root accounts.");
}

TEST_F(StsTest, SessionTokensAreNotForSessions) {
  EXPECT_EQ(caller_.error("GetSessionToken"),
            "AccessDenied: Cannot call GetSessionToken with session credentials");
}

TEST_F(StsTest, SessionsOfAUser) {
  become_user("Ann");
  const auto key = key_in(caller_.call("GetSessionToken", {{"DurationSeconds", 900}}));
  EXPECT_EQ(key->principal->arn, caller_.principal.arn);
  EXPECT_TRUE(key->principal->temporary);
  EXPECT_EQ(key->expires, clock_.now() + std::chrono::seconds(900));
  EXPECT_TRUE(caller_.error("GetFederationToken", {{"Name", "guest"}}).starts_with("AccessDenied"));
  std::ignore = users_.update(kAccount, "Ann", [](identity::User& user) {
    user.attached_policy_arns = {"arn:aws:iam::aws:policy/AdministratorAccess"};
  });
  const auto output = caller_.call("GetFederationToken", {{"Name", "guest"}});
  EXPECT_EQ(string_or(*find_object(output, "FederatedUser"), "Arn"),
            "arn:aws:sts::000000000000:federated-user/guest");
  // Without a policy of the session's own it may do nothing, whatever its maker may.
  identity::AccessRequest question;
  question.action = "s3:ListBucket";
  question.resource = "arn:aws:s3:::data";
  EXPECT_TRUE(authorizer_.decide(caller_.principal, question).allowed);
  EXPECT_FALSE(authorizer_.decide(*key_in(output)->principal, question).allowed);
}

class WebIdentityTest : public StsTest {
 protected:
  WebIdentityTest() {
    identity::OidcProvider provider;
    provider.account = kAccount;
    provider.issuer = "id.example.com";
    provider.client_ids = {"clary"};
    provider.jwks = signer_.keys();
    EXPECT_TRUE(providers_.create(provider));
    make_role(R"("Federated":"arn:aws:iam::000000000000:oidc-provider/id.example.com")",
              R"({"StringEquals":{"id.example.com:sub":"ann","id.example.com:aud":"clary"}})",
              R"("sts:AssumeRoleWithWebIdentity")");
    caller_.principal = {};
    caller_.principal.kind = identity::Principal::Kind::kAnonymous;
    caller_.principal.arn = "anonymous";
  }
  static json::object claims(json::object more = {}) {
    json::object all{{"iss", "https://id.example.com"},
                     {"sub", "ann"},
                     {"aud", "clary"},
                     {"iat", 1799999990},
                     {"exp", 1800000600}};
    for (const auto& [key, value] : more) all[key] = value;
    return all;
  }
  std::string error(const std::string& token) {
    const std::string text =
        caller_.error("AssumeRoleWithWebIdentity", request({{"WebIdentityToken", token}}));
    return text.substr(0, text.find(':'));
  }

  identity::TestSigner signer_;
};

TEST_F(WebIdentityTest, ATokenBecomesASession) {
  const auto output = caller_.call("AssumeRoleWithWebIdentity",
                                   request({{"WebIdentityToken", signer_.token(claims())}}));
  EXPECT_EQ(string_or(output, "SubjectFromWebIdentityToken"), "ann");
  EXPECT_EQ(string_or(output, "Audience"), "clary");
  const auto key = key_in(output);
  EXPECT_EQ(key->principal->arn, "arn:aws:sts::000000000000:assumed-role/Analyst/me");
  EXPECT_EQ(key->principal->session_context.at("id.example.com:sub"), "ann");
}

TEST_F(WebIdentityTest, OnlyWhomTheTrustPolicyMeans) {
  EXPECT_EQ(error(signer_.token(claims({{"sub", "bob"}}))), "AccessDenied");
}

TEST_F(WebIdentityTest, TokensThatAreNotGood) {
  EXPECT_EQ(error("not.a.token"), "InvalidIdentityToken");
  EXPECT_EQ(error(signer_.token(claims({{"aud", "others"}}))), "InvalidIdentityToken");
  EXPECT_EQ(error(signer_.token(claims({{"iss", "https://evil.example.com"}}))),
            "InvalidIdentityToken");
  EXPECT_EQ(error(signer_.token(claims({{"exp", 1799999999}}))), "ExpiredTokenException");
  EXPECT_EQ(error(signer_.token(claims({{"iat", 1800000500}}))), "InvalidIdentityToken");
  EXPECT_EQ(error(signer_.token(claims({{"exp", nullptr}}))), "InvalidIdentityToken");
  EXPECT_EQ(error(identity::TestSigner().token(claims())), "InvalidIdentityToken");
  std::string changed = signer_.token(claims());
  changed[changed.find('.') + 5] ^= 1;
  EXPECT_EQ(error(changed), "InvalidIdentityToken");
}

TEST_F(WebIdentityTest, TheServerFetchesNoKeys) {
  providers_.update(kAccount, "id.example.com",
                    [](identity::OidcProvider& provider) { provider.jwks.clear(); });
  EXPECT_EQ(error(signer_.token(claims())), "IDPCommunicationError");
}

}  // namespace
}  // namespace clary::api
