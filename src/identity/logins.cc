#include "identity/logins.h"

#include <argon2.h>

#include <algorithm>
#include <array>

#include "base/json.h"
#include "base/random.h"
#include "base/text.h"
#include "identity/entity_table.h"

namespace clary::identity {
namespace {

constexpr char kSchema1[] = R"(
CREATE TABLE logins(
  user_id TEXT PRIMARY KEY, hash TEXT NOT NULL, former TEXT NOT NULL, created INTEGER NOT NULL,
  changed INTEGER NOT NULL, reset_required INTEGER NOT NULL, last_used INTEGER) WITHOUT ROWID;
)";
constexpr store::Migration kMigrations[] = {{"logins", 1, kSchema1}};

constexpr char kInsert[] =
    "INSERT INTO logins(user_id,hash,former,created,changed,reset_required) "
    "VALUES(?1,?2,'[]',?3,?3,?4) ON CONFLICT DO NOTHING";
constexpr char kFind[] =
    "SELECT hash,former,created,changed,reset_required,last_used FROM logins WHERE user_id=?1";
constexpr char kUpdate[] =
    "UPDATE logins SET hash=?2,former=?3,changed=?4,reset_required=?5 WHERE user_id=?1";
constexpr char kUsed[] = "UPDATE logins SET last_used=?2 WHERE user_id=?1";
constexpr char kDelete[] = "DELETE FROM logins WHERE user_id=?1";

// AWS lets a policy ask for 24 former passwords at most.
constexpr std::size_t kFormer = 24;

Timestamp from_milliseconds(std::int64_t value) {
  return Timestamp(std::chrono::milliseconds(value));
}

bool is_symbol(char c) {
  return std::string_view("!@#$%^&*()_+-=[]{}|'").find(c) != std::string_view::npos;
}

}  // namespace

Logins::Logins(store::Database& database, Users& users, Accounts& accounts, const Clock& clock,
               PasswordCost cost)
    : database_(database),
      users_(users),
      accounts_(accounts),
      clock_(clock),
      cost_(cost),
      nobody_(hash(random_hex(32))),
      by_user_(LoginThrottle::Limits{}),
      // Many people may sit behind one address.
      by_address_(LoginThrottle::Limits{.free_failures = 20}) {}

std::span<const store::Migration> Logins::migrations() {
  return kMigrations;
}

std::string Logins::hash(std::string_view password) {
  std::array<std::byte, 16> salt;
  fill_random(salt);
  std::array<char, 256> encoded{};
  checks_.acquire();
  const int failed =
      argon2id_hash_encoded(cost_.passes, cost_.memory_kib, 1, password.data(), password.size(),
                            salt.data(), salt.size(), 32, encoded.data(), encoded.size());
  checks_.release();
  if (failed != ARGON2_OK) throw std::runtime_error(argon2_error_message(failed));
  return encoded.data();
}

bool Logins::matches(const std::string& encoded, std::string_view password) {
  checks_.acquire();
  const int outcome = argon2id_verify(encoded.c_str(), password.data(), password.size());
  checks_.release();
  return outcome == ARGON2_OK;
}

std::optional<Logins::Row> Logins::read(std::string_view user_id) {
  std::optional<Row> found;
  database_.read([&](store::Connection& connection) {
    auto& row = connection.statement(kFind).bind(1, user_id);
    if (!row.step()) return;
    found.emplace();
    found->hash = row.text(0);
    const json::value former = json::parse(row.text(1));
    found->former = list_of(&former.as_array());
    found->login.created = from_milliseconds(row.integer(2));
    found->login.changed = from_milliseconds(row.integer(3));
    found->login.reset_required = row.integer(4) != 0;
    if (!row.is_null(5)) found->login.last_used = from_milliseconds(row.integer(5));
  });
  return found;
}

std::expected<void, LoginError> Logins::create(std::string_view user_id, std::string_view password,
                                               bool reset_required) {
  const std::string encoded = hash(password);
  const std::int64_t now = clock_.now().time_since_epoch().count();
  bool created = false;
  database_.write([&](store::Connection& connection) {
    auto& row = connection.statement(kInsert).bind(1, user_id).bind(2, encoded).bind(3, now);
    row.bind(4, reset_required ? 1 : 0).run();
    created = connection.changes() == 1;
  });
  if (!created) return std::unexpected(LoginError::kExists);
  return {};
}

std::optional<Login> Logins::find(std::string_view user_id) {
  const auto row = read(user_id);
  return row ? std::optional(row->login) : std::nullopt;
}

std::optional<Timestamp> Logins::last_used(std::string_view user_id) {
  const auto row = read(user_id);
  return row ? row->login.last_used : std::nullopt;
}

std::expected<void, LoginError> Logins::update(std::string_view user_id, std::string_view password,
                                               std::optional<bool> reset_required,
                                               int reuse_prevention) {
  auto row = read(user_id);
  if (!row) return std::unexpected(LoginError::kAbsent);
  if (!password.empty()) {
    row->former.insert(row->former.begin(), row->hash);
    const auto compared = std::min(row->former.size(), static_cast<std::size_t>(reuse_prevention));
    for (std::size_t i = 0; i < compared; ++i) {
      if (matches(row->former[i], password)) return std::unexpected(LoginError::kReused);
    }
    if (row->former.size() > kFormer) row->former.resize(kFormer);
    row->hash = hash(password);
    row->login.changed = clock_.now();
  }
  const std::string former = json::serialize(array_of(row->former));
  database_.write([&](store::Connection& connection) {
    auto& update = connection.statement(kUpdate).bind(1, user_id).bind(2, row->hash);
    update.bind(3, former).bind(4, row->login.changed.time_since_epoch().count());
    update.bind(5, reset_required.value_or(row->login.reset_required) ? 1 : 0).run();
  });
  return {};
}

bool Logins::remove(std::string_view user_id) {
  bool removed = false;
  database_.write([&](store::Connection& connection) {
    connection.statement(kDelete).bind(1, user_id).run();
    removed = connection.changes() == 1;
  });
  return removed;
}

SignIn::Outcome Logins::outcome_of(const PasswordPolicy& policy, const Login& login) const {
  const bool expired = policy.max_age_days > 0 &&
                       clock_.now() - login.changed > std::chrono::days(policy.max_age_days);
  if (expired) {
    return policy.hard_expiry ? SignIn::Outcome::kLocked : SignIn::Outcome::kExpired;
  }
  return login.reset_required ? SignIn::Outcome::kResetRequired : SignIn::Outcome::kOk;
}

SignIn Logins::verify(std::string_view account, std::string_view user, std::string_view password,
                      std::string_view address) {
  const Timestamp now = clock_.now();
  const std::string name = std::string(account) + "/" + to_lower(user);
  SignIn result{.outcome = SignIn::Outcome::kThrottled, .user = {}, .retry_after = {}};
  result.retry_after = by_address_.enter(address, now);
  if (result.retry_after.count() > 0) return result;
  result.retry_after = by_user_.enter(name, now);
  if (result.retry_after.count() > 0) return result;

  auto found = users_.find(account, user);
  const auto row = read(found ? found->id : std::string());
  const bool right = matches(row ? row->hash : nobody_, password);
  result.outcome = SignIn::Outcome::kRefused;
  if (!found || !row || !right) return result;
  by_user_.succeeded(name);
  by_address_.succeeded(address);
  const auto owner = accounts_.find(account);
  result.outcome = outcome_of(owner ? owner->password_policy : PasswordPolicy(), row->login);
  database_.write([&](store::Connection& connection) {
    connection.statement(kUsed).bind(1, found->id).bind(2, now.time_since_epoch().count()).run();
  });
  result.user = std::move(found);
  return result;
}

bool conforms(const PasswordPolicy& policy, const Account& account, std::string_view password) {
  const auto any = [&](auto is) { return std::ranges::any_of(password, is); };
  const bool lower = any([](char c) { return c >= 'a' && c <= 'z'; });
  const bool upper = any([](char c) { return c >= 'A' && c <= 'Z'; });
  const bool digit = any([](char c) { return c >= '0' && c <= '9'; });
  const bool symbol = any(is_symbol);
  if (password.size() < static_cast<std::size_t>(policy.minimum_length)) return false;
  if (!policy.custom) {
    return lower + upper + digit + symbol >= 3 && password != account.name &&
           password != account.email;
  }
  return (!policy.lower_case || lower) && (!policy.upper_case || upper) &&
         (!policy.numbers || digit) && (!policy.symbols || symbol);
}

}  // namespace clary::identity
