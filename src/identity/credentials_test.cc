#include "identity/credentials.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "identity/roles.h"
#include "keys/keys_fixture.h"
#include "store/test_folder.h"

namespace clary::identity {
namespace {

class IdentityTest : public testing::Test {
 protected:
  std::unique_ptr<store::Database> open() {
    return std::make_unique<store::Database>(
        folder_ / "a.db", std::vector{Credentials::migrations(), Roles::migrations()});
  }
  store::TestFolder folder_;
  ManualClock clock_{Timestamp(std::chrono::seconds(1800000000))};
  keys::TestSealer sealer_;
  std::unique_ptr<store::Database> database_ = open();
};

Principal session() {
  Principal principal;
  principal.kind = Principal::Kind::kAssumedRole;
  principal.account = "123456789012";
  principal.arn = "arn:aws:sts::123456789012:assumed-role/R/s";
  principal.user_id = "AROAX:s";
  principal.name = "R";
  principal.session_policy = R"({"Version":"2012-10-17","Statement":[]})";
  principal.session_tags = {{"team", "a"}};
  return principal;
}

TEST_F(IdentityTest, SessionsSurviveARestartAndAreForgottenADayAfterTheyExpire) {
  auto credentials = std::make_unique<Credentials>(*database_, clock_, sealer_);
  const AccessKey made = credentials->create_session(session(), std::chrono::hours(1));
  EXPECT_TRUE(made.id.starts_with("ASIA"));
  EXPECT_EQ(made.id.size(), 20U);
  EXPECT_EQ(made.secret.size(), 40U);
  EXPECT_EQ(made.expires, clock_.now() + std::chrono::hours(1));
  credentials.reset();
  database_.reset();
  database_ = open();
  Credentials again(*database_, clock_, sealer_);
  const auto found = again.find(made.id);
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(found->secret, made.secret);
  EXPECT_EQ(found->session_token, made.session_token);
  EXPECT_EQ(found->principal->arn, session().arn);
  EXPECT_EQ(found->principal->kind, Principal::Kind::kAssumedRole);
  EXPECT_EQ(found->principal->session_tags, session().session_tags);
  clock_.advance(std::chrono::hours(26));
  again.create_session(session(), std::chrono::hours(1));
  Credentials fresh(*database_, clock_, sealer_);
  EXPECT_EQ(fresh.find(made.id), nullptr);
}

TEST_F(IdentityTest, KeysAreMadeListedSwitchedOffAndDeleted) {
  Credentials credentials(*database_, clock_, sealer_);
  Principal user = session();
  user.kind = Principal::Kind::kUser;
  user.arn = "arn:aws:iam::123456789012:user/u";
  const AccessKey key = credentials.create_key(user);
  EXPECT_TRUE(key.id.starts_with("AKIA"));
  ASSERT_NE(credentials.find(key.id), nullptr);
  EXPECT_EQ(credentials.find(key.id), credentials.find(key.id));
  EXPECT_TRUE(credentials.set_active(key.id, false));
  EXPECT_FALSE(credentials.find(key.id)->active);
  EXPECT_EQ(credentials.keys_of(user.arn).size(), 1U);
  EXPECT_TRUE(credentials.delete_key(key.id));
  EXPECT_FALSE(credentials.delete_key(key.id));
  EXPECT_EQ(credentials.find(key.id), nullptr);
  EXPECT_EQ(credentials.find("AKIAUNKNOWN"), nullptr);
}

TEST_F(IdentityTest, TheLocalKeyIsMadeOnceForEachAccount) {
  Credentials credentials(*database_, clock_, sealer_);
  Roles roles(*database_, clock_);
  const AccessKey key = credentials.local_key("000000000000");
  EXPECT_EQ(credentials.local_key("000000000000").id, key.id);
  EXPECT_NE(credentials.local_key("111111111111").id, key.id);
  EXPECT_EQ(key.principal->arn, "arn:aws:sts::000000000000:assumed-role/ClaryExecutionRole/local");
  EXPECT_FALSE(key.expires.has_value());
  EXPECT_EQ(key.principal->user_id, roles.ensure_execution_role("000000000000").id + ":local");
  EXPECT_EQ(credentials.find(key.id)->secret, key.secret);
}

TEST_F(IdentityTest, RolesAreKept) {
  Roles roles(*database_, clock_);
  const Role ready = roles.ensure_execution_role("000000000000");
  EXPECT_EQ(ready.arn, "arn:aws:iam::000000000000:role/ClaryExecutionRole");
  EXPECT_EQ(roles.ensure_execution_role("000000000000").created, ready.created);
  Role role;
  role.account = "000000000000";
  role.name = "Trainer";
  role.path = "/service-role/";
  role.trust_policy = "{}";
  role.tags = {{"a", "b"}};
  ASSERT_TRUE(roles.create(role));
  EXPECT_EQ(role.arn, "arn:aws:iam::000000000000:role/service-role/Trainer");
  EXPECT_EQ(role.id.size(), 21U);
  Role same = role;
  same.name = "trainer";
  EXPECT_FALSE(roles.create(same));
  EXPECT_EQ(roles.find("000000000000", "TRAINER")->name, "Trainer");
  EXPECT_FALSE(roles.find("111111111111", "Trainer").has_value());
  const auto changed = roles.update("000000000000", "Trainer", [](Role& r) {
    r.attached_policy_arns.push_back("arn:aws:iam::aws:policy/AmazonS3FullAccess");
    r.inline_policies["p"] = "{}";
  });
  ASSERT_TRUE(changed.has_value());
  EXPECT_EQ(roles.find_by_arn(role.arn)->inline_policies.at("p"), "{}");
  EXPECT_EQ(roles.find_by_arn(role.arn)->tags.at("a"), "b");
  EXPECT_EQ(roles.attachments("arn:aws:iam::aws:policy/AmazonS3FullAccess"), 2U);
  EXPECT_EQ(roles.list("000000000000", "/", "", 10).size(), 2U);
  EXPECT_EQ(roles.list("000000000000", "/service-role/", "", 10).size(), 1U);
  EXPECT_EQ(roles.list("000000000000", "/", "ClaryExecutionRole", 10).size(), 1U);
  EXPECT_TRUE(roles.remove("000000000000", "Trainer"));
  EXPECT_FALSE(roles.update("000000000000", "Trainer", [](Role&) {}).has_value());
}

TEST_F(IdentityTest, FindingAKnownKeyIsFast) {
  Credentials credentials(*database_, clock_, sealer_);
  const AccessKey key = credentials.local_key("000000000000");
  constexpr int kRounds = 100000;
  const auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < kRounds; ++i) ASSERT_NE(credentials.find(key.id), nullptr);
  const std::chrono::duration<double, std::nano> took = std::chrono::steady_clock::now() - start;
  std::printf("[          ] %.0f ns per look-up\n", took.count() / kRounds);
}

// Every byte that the database keeps on disk, its log included.
std::string bytes_on_disk(const std::filesystem::path& folder) {
  std::string all;
  for (const auto& file : std::filesystem::directory_iterator(folder)) {
    std::ifstream in(file.path(), std::ios::binary);
    all.append(std::istreambuf_iterator<char>(in), {});
  }
  return all;
}

TEST_F(IdentityTest, SecretsAndTokensAreNotOnDiskInTheClear) {
  Credentials credentials(*database_, clock_, sealer_);
  const AccessKey key = credentials.create_key(session());
  const AccessKey temporary = credentials.create_session(session(), std::chrono::hours(1));
  const std::string bytes = bytes_on_disk(folder_.path());
  EXPECT_NE(bytes.find(key.id), std::string::npos);
  for (const std::string& secret : {key.secret, temporary.secret, temporary.session_token}) {
    EXPECT_EQ(bytes.find(secret), std::string::npos);
  }
}

TEST_F(IdentityTest, WhatAnOlderVersionLeftInTheClearIsSealedAtTheFirstStart) {
  const std::string secret = "wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY00";
  database_->write([&](store::Connection& connection) {
    for (int i = 0; i < 200; ++i) {
      connection.execute(("INSERT INTO access_keys(id,secret,token,active,local,created,kind,"
                          "account,arn,user_id,name,session_policy,session_tags) VALUES('AKIAOLD" +
                          std::to_string(i) + "','" + secret + std::to_string(i) +
                          "','',1,0,0,0,'123456789012','arn','id','','','{}')")
                             .c_str());
    }
  });
  EXPECT_NE(bytes_on_disk(folder_.path()).find(secret), std::string::npos);
  Credentials credentials(*database_, clock_, sealer_);
  ASSERT_NE(credentials.find("AKIAOLD7"), nullptr);
  EXPECT_EQ(credentials.find("AKIAOLD7")->secret, secret + "7");
  EXPECT_EQ(bytes_on_disk(folder_.path()).find(secret), std::string::npos);
}

TEST_F(IdentityTest, ASecretOfAnotherKeyringIsToldApart) {
  const AccessKey key = Credentials(*database_, clock_, sealer_).create_key(session());
  keys::TestSealer stranger;
  Credentials credentials(*database_, clock_, stranger);
  EXPECT_THROW(credentials.find(key.id), StorageError);
}

}  // namespace
}  // namespace clary::identity
