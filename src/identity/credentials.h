// Who a request comes from: access keys, temporary sessions, and the principals behind them.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

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
};

struct AccessKey {
  std::string id, secret;
  std::string session_token;  // "" for long-lived keys
  std::optional<Timestamp> expires;
  std::shared_ptr<const Principal> principal;
};

// threads: any. find() is the hot path: no lock held while callers run, no database when cached.
class Credentials {
 public:
  Credentials(store::Database& database, const Clock& clock);
  ~Credentials();

  // Nullptr when unknown. Expiry is the caller's check (its error differs).
  std::shared_ptr<const AccessKey> find(std::string_view access_key_id);
  // A long-lived key.
  AccessKey create_key(const Principal& principal);
  bool delete_key(std::string_view access_key_id);
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
