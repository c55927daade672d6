// The accounts of one server. Everything else belongs to an account by its id.
#pragma once

#include <expected>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/json.h"
#include "store/database.h"

namespace clary::identity {

// What an account asks of its users' passwords. The defaults are AWS's for an account that has no
// policy of its own; `custom` says whether it has one.
struct PasswordPolicy {
  bool custom = false;
  int minimum_length = 8;
  bool symbols = false, numbers = false, upper_case = false, lower_case = false;
  bool users_may_change = false;
  int max_age_days = 0;      // 0: passwords do not expire
  int reuse_prevention = 0;  // how many former passwords may not come back
  bool hard_expiry = false;  // an expired password cannot be changed by its owner
};

struct Account {
  std::string id;  // twelve digits
  std::string name, email;
  Timestamp created;
  std::string alias;  // "" for none
  PasswordPolicy password_policy;
};

enum class AccountError { kIdTaken, kNameTaken };

// threads: any. blocks: all. errors: StorageError.
class Accounts {
 public:
  Accounts(store::Database& database, const Clock& clock) : database_(database), clock_(clock) {}
  static std::span<const store::Migration> migrations();

  // An empty id becomes a random one. Sets created. Names are unique without regard to case.
  [[nodiscard]] std::expected<void, AccountError> create(Account& account);
  // Makes the account unless it is there.
  void ensure(std::string_view id, std::string_view name);
  std::optional<Account> find(std::string_view id);
  std::vector<Account> list();  // oldest first
  // False: another account has the alias. "" takes it away.
  [[nodiscard]] bool set_alias(std::string_view id, std::string_view alias);
  void set_password_policy(std::string_view id, const PasswordPolicy& policy);

 private:
  store::Database& database_;
  const Clock& clock_;
};

}  // namespace clary::identity
