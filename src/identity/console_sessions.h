// Who is signed in to the web console. A session is a row, so it outlives reloads and restarts; the
// browser holds its token in a cookie and exchanges it for credentials that last minutes.
#pragma once

#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "identity/credentials.h"
#include "identity/logins.h"
#include "identity/users.h"
#include "store/database.h"

namespace clary::identity {

// Marks a principal as one of these sessions, in Principal::session_context. Unlike sessions of
// GetSessionToken they may call IAM, as AWS's console may.
inline constexpr std::string_view kConsoleContext = "clary:console";

struct ConsoleSession {
  Principal principal;
  Timestamp created, expires;
};

// A session ends by itself after twelve hours, as AWS's do, and at once when what it was opened
// with is gone: its user, the user's login or password, its access key. threads: any. blocks: all.
// errors: StorageError.
class ConsoleSessions {
 public:
  static constexpr std::chrono::hours kLifetime{12};
  static constexpr std::chrono::minutes kCredentialLifetime{15};

  ConsoleSessions(store::Database& database, const Clock& clock, Users& users, Logins& logins,
                  Credentials& credentials)
      : database_(database),
        clock_(clock),
        users_(users),
        logins_(logins),
        credentials_(credentials) {}
  static std::span<const store::Migration> migrations();

  // After the password, or a signature of the key, was found good. Returns the token; only its hash
  // is stored.
  std::string start(const User& user);
  std::string start(const AccessKey& key);

  std::optional<ConsoleSession> find(std::string_view token);
  // Credentials of whom the session belongs to.
  std::optional<AccessKey> credentials(std::string_view token);
  // The credentials that the session was given end with it. False: there was none.
  bool end(std::string_view token);

 private:
  struct Row {
    std::string user_arn, user_id, access_key_id;
    Timestamp created, expires;
  };
  std::string insert(const Row& row);
  std::optional<Row> read(const std::string& hash);
  std::optional<Principal> principal_of_user(const Row& row);
  std::optional<Principal> principal_of_key(const Row& row);

  store::Database& database_;
  const Clock& clock_;
  Users& users_;
  Logins& logins_;
  Credentials& credentials_;
};

}  // namespace clary::identity
