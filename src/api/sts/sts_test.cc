#include "api/sts/sts_service.h"
#include "api/test_caller.h"
#include "keys/keys_fixture.h"
#include "store/test_folder.h"

namespace clary::api {
namespace {

class StsTest : public testing::Test {
 protected:
  StsTest() { roles_.ensure_execution_role("000000000000"); }

  void make_role(std::string_view principal, std::string_view condition = "{}") {
    identity::Role role;
    role.account = "000000000000";
    role.name = "Analyst";
    role.path = "/team/";
    role.trust_policy =
        R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":")" +
        std::string(principal) + R"("},"Action":["sts:AssumeRole","sts:TagSession"],"Condition":)" +
        std::string(condition) + "}]}";
    ASSERT_TRUE(roles_.create(role));
  }
  static json::object request(json::object more = {}) {
    more["RoleArn"] = "arn:aws:iam::000000000000:role/team/Analyst";
    more["RoleSessionName"] = "me";
    return more;
  }

  store::TestFolder folder_;
  ManualClock clock_{Timestamp(std::chrono::seconds(1800000000))};
  store::Database database_{folder_ / "a.db",
                            {identity::Roles::migrations(), identity::Credentials::migrations()}};
  identity::Roles roles_{database_, clock_};
  keys::TestSealer sealer_;
  identity::Credentials credentials_{database_, clock_, sealer_};
  StsService service_{credentials_, roles_};
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
  make_role("arn:aws:iam::000000000000:role/ClaryExecutionRole");
  const auto output = caller_.call("AssumeRole", request({{"DurationSeconds", 900}}));
  EXPECT_EQ(string_or(*find_object(output, "AssumedRoleUser"), "Arn"),
            "arn:aws:sts::000000000000:assumed-role/Analyst/me");
  const json::object& given = *find_object(output, "Credentials");
  const auto key = credentials_.find(string_or(given, "AccessKeyId"));
  ASSERT_NE(key, nullptr);
  EXPECT_EQ(key->secret, string_or(given, "SecretAccessKey"));
  EXPECT_EQ(key->session_token, string_or(given, "SessionToken"));
  EXPECT_EQ(find_double(given, "Expiration"),
            epoch_seconds(clock_.now() + std::chrono::seconds(900)));
  EXPECT_EQ(string_or(caller_.call("GetAccessKeyInfo", {{"AccessKeyId", key->id}}), "Account"),
            "000000000000");
  EXPECT_EQ(caller_.error("AssumeRole", request({{"DurationSeconds", 7200}})),
            "ValidationError: The requested DurationSeconds exceeds the MaxSessionDuration set for "
            "this role.");
  EXPECT_EQ(caller_.error("AssumeRole", request({{"Policy", "{"}})),
            "MalformedPolicyDocument: This policy contains invalid Json");
}

TEST_F(StsTest, OnlyThoseWhomTheRoleTrusts) {
  EXPECT_EQ(caller_.error("AssumeRole", request()), refusal_);
  make_role("arn:aws:iam::000000000000:role/Other");
  EXPECT_EQ(caller_.error("AssumeRole", request()), refusal_);
}

TEST_F(StsTest, ConditionsOfTheTrustPolicy) {
  make_role("000000000000", R"({"StringEquals":{"sts:ExternalId":"secret"}})");
  EXPECT_EQ(caller_.error("AssumeRole", request()), refusal_);
  EXPECT_EQ(caller_.error("AssumeRole", request({{"ExternalId", "guess"}})), refusal_);
  const auto output = caller_.call(
      "AssumeRole", request({{"ExternalId", "secret"},
                             {"Tags", json::array{{{"Key", "team"}, {"Value", "a"}}}}}));
  const auto key = credentials_.find(string_or(*find_object(output, "Credentials"), "AccessKeyId"));
  EXPECT_EQ(key->principal->session_tags.at("team"), "a");
}

TEST_F(StsTest, SessionTokensAreNotForSessions) {
  EXPECT_EQ(caller_.error("GetSessionToken"),
            "AccessDenied: Cannot call GetSessionToken with session credentials");
}

}  // namespace
}  // namespace clary::api
