// Who a request comes from: access keys, temporary sessions, and the principals behind them.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "store/database.h"

namespace clary::identity {

struct Principal {
  enum class Kind { kRoot, kUser, kAssumedRole };
  Kind kind = Kind::kRoot;
  std::string account;
  std::string arn;      // arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION, arn:aws:iam::...:user/X
  std::string user_id;  // AROA...:SESSION, AIDA..., or the account id
  std::string name;     // role or user name; "" for root
  // What AssumeRole narrowed the session to (JSON text, "" for none) and tagged it with.
  std::string session_policy;
  std::map<std::string, std::string> session_tags;
};

struct AccessKey {
  std::string id, secret;
  std::string session_token;  // "" for long-lived keys
  std::optional<Timestamp> expires;
  std::shared_ptr<const Principal> principal;
  Timestamp created{};
  bool active = true;
};

// The id of an account's execution role: the same on every machine, so that keys and roles agree.
std::string execution_role_id(std::string_view account);

// threads: any. blocks: all but a find() of a known key, which takes one of 64 short locks and no
// database. errors: StorageError.
class Credentials {
 public:
  Credentials(store::Database& database, const Clock& clock);
  ~Credentials();
  static std::span<const store::Migration> migrations();

  // Nullptr when unknown. Expiry and `active` are the caller's checks (their errors differ).
  // Expired sessions are known for a day more.
  std::shared_ptr<const AccessKey> find(std::string_view access_key_id);
  // A long-lived key.
  AccessKey create_key(const Principal& principal);
  bool delete_key(std::string_view access_key_id);
  bool set_active(std::string_view access_key_id, bool active);
  // Long-lived keys of a principal, oldest first, without the local key.
  std::vector<AccessKey> keys_of(std::string_view principal_arn);
  // ASIA... key, secret and token for a role session. Survives a restart until it expires.
  AccessKey create_session(const Principal& principal, std::chrono::seconds lifetime);
  // The key `clary env` prints for an account: made once, kept. Its principal is a session
  // "local" of the account's execution role that does not expire.
  AccessKey local_key(std::string_view account);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace clary::identity
