#include "identity/accounts.h"

#include <array>
#include <tuple>

#include "base/random.h"

namespace clary::identity {
namespace {

constexpr char kSchema1[] = R"(
CREATE TABLE accounts(
  id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE COLLATE NOCASE, email TEXT NOT NULL,
  created INTEGER NOT NULL, alias TEXT NOT NULL, password_policy TEXT NOT NULL) WITHOUT ROWID;
CREATE UNIQUE INDEX accounts_alias ON accounts(alias) WHERE alias<>'';
)";
constexpr store::Migration kMigrations[] = {{"accounts", 1, kSchema1}};

#define CLARY_ACCOUNT_COLUMNS "id,name,email,created,alias,password_policy"
constexpr char kInsert[] = "INSERT INTO accounts(" CLARY_ACCOUNT_COLUMNS
                           ") VALUES(?1,?2,?3,?4,'','{}') ON CONFLICT DO NOTHING";
constexpr char kFind[] = "SELECT " CLARY_ACCOUNT_COLUMNS " FROM accounts WHERE id=?1";
constexpr char kList[] = "SELECT " CLARY_ACCOUNT_COLUMNS " FROM accounts ORDER BY created,id";
#undef CLARY_ACCOUNT_COLUMNS
constexpr char kSetAlias[] = "UPDATE OR IGNORE accounts SET alias=?2 WHERE id=?1";
constexpr char kSetPolicy[] = "UPDATE accounts SET password_policy=?2 WHERE id=?1";

json::object object_of(const PasswordPolicy& policy) {
  if (!policy.custom) return {};
  return {{"minimum_length", policy.minimum_length},
          {"symbols", policy.symbols},
          {"numbers", policy.numbers},
          {"upper_case", policy.upper_case},
          {"lower_case", policy.lower_case},
          {"users_may_change", policy.users_may_change},
          {"max_age_days", policy.max_age_days},
          {"reuse_prevention", policy.reuse_prevention},
          {"hard_expiry", policy.hard_expiry}};
}

PasswordPolicy policy_of(const json::object& object) {
  const auto number = [&](std::string_view name) {
    return static_cast<int>(find_int(object, name).value_or(0));
  };
  const auto flag = [&](std::string_view name) { return find_bool(object, name).value_or(false); };
  PasswordPolicy policy;
  if (object.empty()) return policy;
  policy.custom = true;
  policy.minimum_length = number("minimum_length");
  policy.symbols = flag("symbols");
  policy.numbers = flag("numbers");
  policy.upper_case = flag("upper_case");
  policy.lower_case = flag("lower_case");
  policy.users_may_change = flag("users_may_change");
  policy.max_age_days = number("max_age_days");
  policy.reuse_prevention = number("reuse_prevention");
  policy.hard_expiry = flag("hard_expiry");
  return policy;
}

Account account_of(const store::Statement& row) {
  const json::value policy = json::parse(row.text(5));
  return {.id = std::string(row.text(0)),
          .name = std::string(row.text(1)),
          .email = std::string(row.text(2)),
          .created = Timestamp(std::chrono::milliseconds(row.integer(3))),
          .alias = std::string(row.text(4)),
          .password_policy = policy_of(policy.as_object())};
}

std::string random_digits() {
  std::array<std::byte, 12> bytes;
  fill_random(bytes);
  std::string id;
  for (const std::byte byte : bytes) {
    id.push_back(static_cast<char>('0' + std::to_integer<int>(byte) % 10));
  }
  if (id[0] == '0') id[0] = '1';  // what drops leading zeros (a spreadsheet) keeps it whole
  return id;
}

}  // namespace

std::span<const store::Migration> Accounts::migrations() {
  return kMigrations;
}

std::expected<void, AccountError> Accounts::create(Account& account) {
  if (account.id.empty()) account.id = random_digits();
  account.created = clock_.now();
  std::expected<void, AccountError> result;
  database_.write([&](store::Connection& connection) {
    auto& found = connection.statement(kFind).bind(1, account.id);
    if (found.step()) {
      result = std::unexpected(AccountError::kIdTaken);
      return;
    }
    found.reset();
    auto& row = connection.statement(kInsert).bind(1, account.id).bind(2, account.name);
    row.bind(3, account.email).bind(4, account.created.time_since_epoch().count()).run();
    if (connection.changes() == 0) result = std::unexpected(AccountError::kNameTaken);
  });
  return result;
}

void Accounts::ensure(std::string_view id, std::string_view name) {
  if (find(id)) return;
  Account account;
  account.id = id;
  account.name = name;
  if (create(account)) return;
  // The name is another's: the id is as good a name.
  account.name = id;
  std::ignore = create(account);
}

std::optional<Account> Accounts::find(std::string_view id) {
  std::optional<Account> account;
  database_.read([&](store::Connection& connection) {
    auto& row = connection.statement(kFind).bind(1, id);
    if (row.step()) account = account_of(row);
  });
  return account;
}

std::vector<Account> Accounts::list() {
  std::vector<Account> accounts;
  database_.read([&](store::Connection& connection) {
    auto& row = connection.statement(kList);
    while (row.step()) accounts.push_back(account_of(row));
  });
  return accounts;
}

bool Accounts::set_alias(std::string_view id, std::string_view alias) {
  bool set = false;
  database_.write([&](store::Connection& connection) {
    connection.statement(kSetAlias).bind(1, id).bind(2, alias).run();
    set = connection.changes() == 1;
  });
  return set;
}

void Accounts::set_password_policy(std::string_view id, const PasswordPolicy& policy) {
  const std::string text = json::serialize(object_of(policy));
  database_.write([&](store::Connection& connection) {
    connection.statement(kSetPolicy).bind(1, id).bind(2, text).run();
  });
}

}  // namespace clary::identity
