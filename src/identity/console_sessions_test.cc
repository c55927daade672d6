#include "identity/console_sessions.h"

#include <gtest/gtest.h>

#include "keys/keys_fixture.h"
#include "store/test_folder.h"

namespace clary::identity {
namespace {

using std::chrono::minutes;

class ConsoleSessionsTest : public testing::Test {
 protected:
  ConsoleSessionsTest() {
    accounts_.ensure("000000000000", "default");
    ann_.account = "000000000000";
    ann_.name = "Ann";
    EXPECT_TRUE(users_.create(ann_));
    EXPECT_TRUE(logins_.create(ann_.id, "Passw0rd", false));
  }
  Principal user_principal() {
    Principal principal;
    principal.kind = Principal::Kind::kUser;
    principal.account = ann_.account;
    principal.arn = ann_.arn;
    principal.user_id = ann_.id;
    principal.name = ann_.name;
    return principal;
  }

  store::TestFolder folder_;
  ManualClock clock_{Timestamp(std::chrono::seconds(1800000000))};
  store::Database database_{folder_ / "a.db",
                            {Users::migrations(), Accounts::migrations(), Logins::migrations(),
                             Credentials::migrations(), ConsoleSessions::migrations()}};
  keys::TestSealer sealer_;
  Users users_{database_, clock_};
  Accounts accounts_{database_, clock_};
  Logins logins_{database_, users_, accounts_, clock_, {.memory_kib = 64, .passes = 1}};
  Credentials credentials_{database_, clock_, sealer_};
  ConsoleSessions sessions_{database_, clock_, users_, logins_, credentials_};
  User ann_;
};

TEST_F(ConsoleSessionsTest, AUserGetsCredentialsThatLastMinutes) {
  const std::string token = sessions_.start(ann_);
  clock_.advance(minutes(30));
  const auto key = sessions_.credentials(token);
  ASSERT_TRUE(key);
  EXPECT_EQ(key->principal->arn, ann_.arn);
  EXPECT_TRUE(key->principal->temporary);
  EXPECT_EQ(*key->expires, clock_.now() + ConsoleSessions::kCredentialLifetime);
  EXPECT_EQ(credentials_.find(key->id)->principal->session_context.at("clary:console"), "true");
  EXPECT_FALSE(sessions_.credentials("another token"));
  EXPECT_FALSE(sessions_.credentials(""));
}

TEST_F(ConsoleSessionsTest, SessionsEndAfterTwelveHours) {
  const std::string token = sessions_.start(ann_);
  clock_.advance(ConsoleSessions::kLifetime - minutes(5));
  const auto key = sessions_.credentials(token);
  ASSERT_TRUE(key);
  EXPECT_EQ(*key->expires, clock_.now() + minutes(5));
  clock_.advance(minutes(5));
  EXPECT_FALSE(sessions_.credentials(token));
}

TEST_F(ConsoleSessionsTest, SigningOutEndsWhatWasGiven) {
  const std::string token = sessions_.start(ann_), other = sessions_.start(ann_);
  const auto first = sessions_.credentials(token), second = sessions_.credentials(token);
  const auto others = sessions_.credentials(other);
  EXPECT_TRUE(sessions_.end(token));
  EXPECT_FALSE(sessions_.end(token));
  EXPECT_FALSE(sessions_.find(token));
  EXPECT_EQ(credentials_.find(first->id), nullptr);
  EXPECT_EQ(credentials_.find(second->id), nullptr);
  EXPECT_NE(credentials_.find(others->id), nullptr);
}

TEST_F(ConsoleSessionsTest, ANewPasswordEndsTheSessionsOfTheOldOne) {
  const std::string token = sessions_.start(ann_);
  clock_.advance(minutes(1));
  EXPECT_TRUE(logins_.update(ann_.id, "N3w-Password", {}, 0));
  EXPECT_FALSE(sessions_.find(token));
  const std::string next = sessions_.start(ann_);
  EXPECT_TRUE(sessions_.find(next));
  EXPECT_TRUE(logins_.remove(ann_.id));
  EXPECT_FALSE(sessions_.find(next));
}

TEST_F(ConsoleSessionsTest, AnotherUserOfTheSameNameIsAnotherUser) {
  const std::string token = sessions_.start(ann_);
  EXPECT_TRUE(users_.remove(ann_.account, ann_.name, [](const User&) {}));
  EXPECT_FALSE(sessions_.find(token));
  User again;
  again.account = ann_.account;
  again.name = ann_.name;
  EXPECT_TRUE(users_.create(again));
  EXPECT_TRUE(logins_.create(again.id, "Passw0rd", false));
  EXPECT_FALSE(sessions_.find(token));
}

TEST_F(ConsoleSessionsTest, AKeyIsAskedForEachTime) {
  const AccessKey key = credentials_.create_key(user_principal());
  const std::string token = sessions_.start(key);
  ASSERT_TRUE(sessions_.credentials(token));
  EXPECT_TRUE(credentials_.set_active(key.id, false));
  EXPECT_FALSE(sessions_.credentials(token));
  EXPECT_TRUE(credentials_.set_active(key.id, true));
  EXPECT_TRUE(sessions_.credentials(token));
  EXPECT_TRUE(credentials_.delete_key(key.id));
  EXPECT_FALSE(sessions_.find(token));
}

TEST_F(ConsoleSessionsTest, TheOwnerStaysTheOwner) {
  const std::string token = sessions_.start(credentials_.local_key("000000000000"));
  const auto given = sessions_.credentials(token);
  ASSERT_TRUE(given);
  EXPECT_TRUE(given->principal->owner);
  // As a server that has just started reads it.
  Credentials fresh(database_, clock_, sealer_);
  EXPECT_TRUE(fresh.find(given->id)->principal->owner);
}

TEST_F(ConsoleSessionsTest, ATemporaryKeyGainsNothing) {
  const AccessKey key = credentials_.create_session(user_principal(), minutes(20));
  const std::string token = sessions_.start(key);
  const auto given = sessions_.credentials(token);
  ASSERT_TRUE(given);
  EXPECT_FALSE(given->principal->session_context.contains("clary:console"));
  clock_.advance(minutes(15));
  EXPECT_EQ(*sessions_.credentials(token)->expires, *key.expires);
  clock_.advance(minutes(5));
  EXPECT_FALSE(sessions_.find(token));
}

}  // namespace
}  // namespace clary::identity
