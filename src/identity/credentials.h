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

namespace clary::keys {
class Sealer;
}  // namespace clary::keys

namespace clary::identity {

struct Principal {
  // Stored as numbers: new ones go to the end. An anonymous caller has no account and the ARN
  // "anonymous"; a service its name as ARN ("sagemaker.amazonaws.com"); a web identity the ARN or
  // name of its provider. These three hold no keys.
  enum class Kind {
    kRoot,
    kUser,
    kAssumedRole,
    kFederatedUser,
    kAnonymous,
    kService,
    kWebIdentity
  };
  Kind kind = Kind::kRoot;
  // The account's own key on its own server (`clary env`): may do what the account's root may,
  // whatever role its ARN names. docs/decisions/owner-key.md
  bool owner = false;
  std::string account;
  std::string arn;      // arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION, arn:aws:iam::...:user/X
  std::string user_id;  // AROA...:SESSION, AIDA..., or the account id
  std::string name;     // role or user name; of a federated user the one who made it; "" for root
  // What AssumeRole or GetFederationToken narrowed the session to (JSON text, "" for none; ARNs of
  // managed policies) and tagged it with.
  std::string session_policy;
  std::vector<std::string> session_policy_arns;
  std::map<std::string, std::string> session_tags;
  std::vector<std::string> transitive_tags;  // keys of the session tags that go on when chaining
  std::string source_identity;
  // Further condition keys of the session, in lower case ("aws:federatedprovider",
  // "accounts.example.com:sub").
  std::map<std::string, std::string> session_context;
  bool temporary = false;  // a session of STS, whoever's
};

// When, and for what, a long-lived key was used last.
struct KeyUse {
  Timestamp time{};
  std::string service, region;
};

struct AccessKey {
  std::string id, secret;
  std::string session_token;  // "" for long-lived keys
  std::optional<Timestamp> expires;
  std::shared_ptr<const Principal> principal;
  Timestamp created{};
  bool active = true;
  struct LastUse;
  std::shared_ptr<LastUse> last_use;  // of keys that find() gave
};

// The id of an account's execution role: the same on every machine, so that keys and roles agree.
std::string execution_role_id(std::string_view account);

// threads: any. blocks: all but a find() of a known key, which takes one of 64 short locks and no
// database. errors: StorageError.
// Secrets and session tokens are sealed in the database. Construction seals what an older version
// left in the clear, and what is sealed under an older master key.
class Credentials {
 public:
  Credentials(store::Database& database, const Clock& clock, keys::Sealer& sealer);
  ~Credentials();
  static std::span<const store::Migration> migrations();

  // Nullptr when unknown. Expiry and `active` are the caller's checks (their errors differ).
  // Expired sessions are known for a day more.
  std::shared_ptr<const AccessKey> find(std::string_view access_key_id);
  // A long-lived key.
  AccessKey create_key(const Principal& principal);
  // The same with an id and secret of another system, for those who move. False: the id is taken.
  [[nodiscard]] bool import_key(const Principal& principal, std::string_view id,
                                std::string_view secret);
  bool delete_key(std::string_view access_key_id);
  bool set_active(std::string_view access_key_id, bool active);
  // Long-lived keys of a principal, oldest first, without the local key.
  std::vector<AccessKey> keys_of(std::string_view principal_arn);
  // A signature of the key was good. Takes a lock of the key's own; writes to the database, without
  // waiting, at most every quarter of an hour for each key.
  void note_use(const AccessKey& key, std::string_view service, std::string_view region);
  std::optional<KeyUse> last_use(std::string_view access_key_id);
  // A user was renamed: keys and sessions go with it.
  void rename(std::string_view old_arn, const Principal& renamed);
  // Ends all sessions and keys of a principal that is gone.
  void remove_all_of(std::string_view principal_arn);
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
