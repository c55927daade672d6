// Passwords of users: argon2id, an account's password policy, failures slowed down.
// Source of the cost: OWASP's Password Storage Cheat Sheet (19 MiB, 2 passes, 1 lane).
#pragma once

#include <chrono>
#include <expected>
#include <optional>
#include <semaphore>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "identity/accounts.h"
#include "identity/login_throttle.h"
#include "identity/users.h"
#include "store/database.h"

namespace clary::identity {

struct Login {
  Timestamp created, changed;  // of the login and of its password
  bool reset_required = false;
  std::optional<Timestamp> last_used;
};

enum class LoginError { kAbsent, kExists, kReused };

struct SignIn {
  // kExpired and kResetRequired: the password was right and has to be changed first; kLocked: it
  // was right, and only an administrator can set a new one.
  enum class Outcome { kOk, kExpired, kResetRequired, kLocked, kRefused, kThrottled };
  Outcome outcome = Outcome::kRefused;
  std::optional<User> user;               // when the password was right
  std::chrono::milliseconds retry_after;  // when throttled
};

// What one password costs to check.
struct PasswordCost {
  unsigned memory_kib = 19456;
  unsigned passes = 2;
};

// threads: any; a few passwords are checked at a time, the others wait. blocks: all.
// errors: StorageError.
class Logins {
 public:
  Logins(store::Database& database, Users& users, Accounts& accounts, const Clock& clock,
         PasswordCost cost = {});
  static std::span<const store::Migration> migrations();

  std::expected<void, LoginError> create(std::string_view user_id, std::string_view password,
                                         bool reset_required);
  std::optional<Login> find(std::string_view user_id);
  // An empty password stays. `reuse_prevention` former passwords may not come back.
  std::expected<void, LoginError> update(std::string_view user_id, std::string_view password,
                                         std::optional<bool> reset_required, int reuse_prevention);
  bool remove(std::string_view user_id);
  std::optional<Timestamp> last_used(std::string_view user_id);

  // Takes the same time whether the user is there, has a login, or gave a wrong password. Failures
  // are counted for the user and for the address they come from.
  SignIn verify(std::string_view account, std::string_view user, std::string_view password,
                std::string_view address);

 private:
  struct Row {
    Login login;
    std::string hash;
    std::vector<std::string> former;  // hashes, newest first
  };
  std::optional<Row> read(std::string_view user_id);
  std::string hash(std::string_view password);
  bool matches(const std::string& encoded, std::string_view password);
  SignIn::Outcome outcome_of(const PasswordPolicy& policy, const Login& login) const;

  store::Database& database_;
  Users& users_;
  Accounts& accounts_;
  const Clock& clock_;
  const PasswordCost cost_;
  // Memory for that many checks at a time.
  std::counting_semaphore<4> checks_{4};
  const std::string nobody_;  // a hash that no password matches
  LoginThrottle by_user_, by_address_;
};

// Whether the password is as the account asks. Without a policy of its own: eight characters of
// three kinds at least, and not the account's name or e-mail address.
bool conforms(const PasswordPolicy& policy, const Account& account, std::string_view password);

}  // namespace clary::identity
