#include "identity/logins.h"

#include <gtest/gtest.h>

#include "store/test_folder.h"

namespace clary::identity {
namespace {

using std::chrono::seconds;

TEST(LoginThrottle, WaitsGrowUntilTheyEnd) {
  LoginThrottle throttle(
      {.free_failures = 2, .first_wait = seconds(1), .longest_wait = seconds(8), .names = 10});
  Timestamp now(seconds(1800000000));
  for (int i = 0; i < 3; ++i) EXPECT_EQ(throttle.enter("ann", now).count(), 0);
  for (const int wait : {1, 2, 4, 8, 8}) {
    EXPECT_EQ(throttle.enter("ann", now), seconds(wait));
    EXPECT_EQ(throttle.enter("bob", now).count(), 0);
    throttle.succeeded("bob");
    now += seconds(wait);
    EXPECT_EQ(throttle.enter("ann", now).count(), 0);
  }
  throttle.succeeded("ann");
  EXPECT_EQ(throttle.enter("ann", now).count(), 0);
}

TEST(LoginThrottle, MemoryIsBounded) {
  LoginThrottle throttle({.names = 100});
  const Timestamp now(seconds(1800000000));
  for (int i = 0; i < 1000; ++i) throttle.enter(std::to_string(i), now);
  EXPECT_EQ(throttle.size(), 100U);
}

class LoginsTest : public testing::Test {
 protected:
  LoginsTest() {
    accounts_.ensure("000000000000", "default");
    ann_.account = "000000000000";
    ann_.name = "Ann";
    EXPECT_TRUE(users_.create(ann_));
    EXPECT_TRUE(logins_.create(ann_.id, "Passw0rd", false));
  }
  SignIn::Outcome verify(std::string_view user, std::string_view password,
                         std::string_view address = "10.0.0.1") {
    return logins_.verify("000000000000", user, password, address).outcome;
  }

  store::TestFolder folder_;
  ManualClock clock_{Timestamp(seconds(1800000000))};
  store::Database database_{folder_ / "a.db",
                            {Users::migrations(), Accounts::migrations(), Logins::migrations()}};
  Users users_{database_, clock_};
  Accounts accounts_{database_, clock_};
  Logins logins_{database_, users_, accounts_, clock_, {.memory_kib = 64, .passes = 1}};
  User ann_;
};

TEST_F(LoginsTest, OnlyTheRightPasswordOfTheRightUser) {
  EXPECT_EQ(verify("Ann", "Passw0rd"), SignIn::Outcome::kOk);
  EXPECT_EQ(verify("ann", "Passw0rd"), SignIn::Outcome::kOk);
  EXPECT_EQ(verify("Ann", "passw0rd"), SignIn::Outcome::kRefused);
  EXPECT_EQ(verify("Nobody", "Passw0rd"), SignIn::Outcome::kRefused);
  EXPECT_EQ(logins_.verify("111111111111", "Ann", "Passw0rd", "10.0.0.1").outcome,
            SignIn::Outcome::kRefused);
  EXPECT_EQ(logins_.last_used(ann_.id), clock_.now());
}

TEST_F(LoginsTest, GuessersOfOneUserWaitWhereverTheyAre) {
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(verify("Ann", "guess", "10.0.0." + std::to_string(i)), SignIn::Outcome::kRefused);
  }
  EXPECT_EQ(verify("Ann", "Passw0rd", "10.0.0.9"), SignIn::Outcome::kThrottled);
  clock_.advance(seconds(2));
  EXPECT_EQ(verify("Ann", "Passw0rd", "10.0.0.9"), SignIn::Outcome::kOk);
}

TEST_F(LoginsTest, AnAddressThatTriesManyUsersWaits) {
  for (int i = 0; i < 21; ++i) {
    EXPECT_EQ(verify("user" + std::to_string(i), "guess"), SignIn::Outcome::kRefused);
  }
  EXPECT_EQ(verify("Ann", "Passw0rd"), SignIn::Outcome::kThrottled);
  EXPECT_EQ(verify("Ann", "Passw0rd", "10.0.0.9"), SignIn::Outcome::kOk);
}

TEST_F(LoginsTest, PasswordsExpire) {
  PasswordPolicy policy;
  policy.custom = true;
  policy.max_age_days = 30;
  accounts_.set_password_policy("000000000000", policy);
  EXPECT_EQ(verify("Ann", "Passw0rd"), SignIn::Outcome::kOk);
  clock_.advance(std::chrono::days(31));
  EXPECT_EQ(verify("Ann", "Passw0rd"), SignIn::Outcome::kExpired);
  policy.hard_expiry = true;
  accounts_.set_password_policy("000000000000", policy);
  EXPECT_EQ(verify("Ann", "Passw0rd"), SignIn::Outcome::kLocked);
  EXPECT_TRUE(logins_.update(ann_.id, "N3w-Password", true, 0));
  EXPECT_EQ(verify("Ann", "N3w-Password"), SignIn::Outcome::kResetRequired);
}

TEST_F(LoginsTest, FormerPasswordsDoNotComeBack) {
  EXPECT_EQ(logins_.update(ann_.id, "Passw0rd", {}, 2).error(), LoginError::kReused);
  EXPECT_TRUE(logins_.update(ann_.id, "Second-1", {}, 2));
  EXPECT_EQ(logins_.update(ann_.id, "Passw0rd", {}, 2).error(), LoginError::kReused);
  EXPECT_TRUE(logins_.update(ann_.id, "Third-1", {}, 2));
  EXPECT_TRUE(logins_.update(ann_.id, "Passw0rd", {}, 2));
}

TEST_F(LoginsTest, PasswordsAreKeptAsArgon2id) {
  database_.read([&](store::Connection& connection) {
    auto& row = connection.statement("SELECT hash FROM logins");
    ASSERT_TRUE(row.step());
    EXPECT_TRUE(row.text(0).starts_with("$argon2id$v=19$m=64,t=1,p=1$"));
  });
}

TEST(Conforms, TheDefaultAndAnAccountsOwnPolicy) {
  Account account;
  account.name = "Research-1";
  EXPECT_TRUE(conforms({}, account, "Passw0rd"));
  EXPECT_FALSE(conforms({}, account, "password1"));
  EXPECT_FALSE(conforms({}, account, "Pw0rd-"));
  EXPECT_FALSE(conforms({}, account, "Research-1"));
  PasswordPolicy policy;
  policy.custom = true;
  policy.minimum_length = 6;
  EXPECT_TRUE(conforms(policy, account, "simple"));
  policy.upper_case = policy.numbers = policy.symbols = true;
  EXPECT_FALSE(conforms(policy, account, "simple"));
  EXPECT_TRUE(conforms(policy, account, "Simple-1"));
}

}  // namespace
}  // namespace clary::identity
