#include "identity/console_sessions.h"

#include <openssl/sha.h>

#include <algorithm>
#include <array>
#include <vector>

#include "base/random.h"
#include "base/text.h"

namespace clary::identity {
namespace {

constexpr char kSchema1[] = R"(
CREATE TABLE console_sessions(
  hash TEXT PRIMARY KEY, user_arn TEXT NOT NULL, user_id TEXT NOT NULL, access_key_id TEXT NOT NULL,
  created INTEGER NOT NULL, expires INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX console_sessions_expires ON console_sessions(expires);
CREATE TABLE console_credentials(
  hash TEXT NOT NULL, access_key_id TEXT NOT NULL, expires INTEGER NOT NULL,
  PRIMARY KEY(hash,access_key_id)) WITHOUT ROWID;
CREATE INDEX console_credentials_expires ON console_credentials(expires);
)";
constexpr store::Migration kMigrations[] = {{"console_sessions", 1, kSchema1}};

constexpr char kInsert[] =
    "INSERT INTO console_sessions(hash,user_arn,user_id,access_key_id,created,expires) "
    "VALUES(?1,?2,?3,?4,?5,?6)";
constexpr char kFind[] =
    "SELECT user_arn,user_id,access_key_id,created,expires FROM console_sessions WHERE hash=?1";
constexpr char kDelete[] = "DELETE FROM console_sessions WHERE hash=?1";
constexpr char kPurge[] = "DELETE FROM console_sessions WHERE expires<=?1";
constexpr char kInsertGiven[] =
    "INSERT INTO console_credentials(hash,access_key_id,expires) VALUES(?1,?2,?3)";
constexpr char kGiven[] = "SELECT access_key_id FROM console_credentials WHERE hash=?1";
constexpr char kDeleteGiven[] = "DELETE FROM console_credentials WHERE hash=?1";
constexpr char kPurgeGiven[] = "DELETE FROM console_credentials WHERE expires<=?1";

std::int64_t milliseconds(Timestamp time) {
  return time.time_since_epoch().count();
}
Timestamp from_milliseconds(std::int64_t value) {
  return Timestamp(std::chrono::milliseconds(value));
}

// Tokens have 256 random bits: a plain hash of them tells nothing.
std::string hash_of(std::string_view token) {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest;
  SHA256(reinterpret_cast<const unsigned char*>(token.data()), token.size(), digest.data());
  return hex(std::as_bytes(std::span(digest)));
}

}  // namespace

std::span<const store::Migration> ConsoleSessions::migrations() {
  return kMigrations;
}

std::string ConsoleSessions::insert(const Row& row) {
  std::string token = random_hex(32);
  const std::string hash = hash_of(token);
  database_.write([&](store::Connection& connection) {
    connection.statement(kPurge).bind(1, milliseconds(row.created)).run();
    connection.statement(kPurgeGiven).bind(1, milliseconds(row.created)).run();
    auto& insert = connection.statement(kInsert).bind(1, hash).bind(2, row.user_arn);
    insert.bind(3, row.user_id).bind(4, row.access_key_id);
    insert.bind(5, milliseconds(row.created)).bind(6, milliseconds(row.expires)).run();
  });
  return token;
}

std::string ConsoleSessions::start(const User& user) {
  const Timestamp now = clock_.now();
  return insert({.user_arn = user.arn,
                 .user_id = user.id,
                 .access_key_id = "",
                 .created = now,
                 .expires = now + kLifetime});
}

std::string ConsoleSessions::start(const AccessKey& key) {
  const Timestamp now = clock_.now();
  const Timestamp end = now + kLifetime;
  return insert({.user_arn = "",
                 .user_id = "",
                 .access_key_id = key.id,
                 .created = now,
                 .expires = key.expires ? std::min(end, *key.expires) : end});
}

std::optional<ConsoleSessions::Row> ConsoleSessions::read(const std::string& hash) {
  std::optional<Row> found;
  database_.read([&](store::Connection& connection) {
    auto& row = connection.statement(kFind).bind(1, hash);
    if (!row.step()) return;
    found = Row{.user_arn = std::string(row.text(0)),
                .user_id = std::string(row.text(1)),
                .access_key_id = std::string(row.text(2)),
                .created = from_milliseconds(row.integer(3)),
                .expires = from_milliseconds(row.integer(4))};
  });
  if (found && found->expires <= clock_.now()) return std::nullopt;
  return found;
}

// A user made anew under the same name is another one, and a password that was replaced ends what
// was opened with the old one.
std::optional<Principal> ConsoleSessions::principal_of_user(const Row& row) {
  const auto user = users_.find_by_arn(row.user_arn);
  if (!user || user->id != row.user_id) return std::nullopt;
  const auto login = logins_.find(user->id);
  if (!login || login->changed > row.created) return std::nullopt;
  Principal principal;
  principal.kind = Principal::Kind::kUser;
  principal.account = user->account;
  principal.arn = user->arn;
  principal.user_id = user->id;
  principal.name = user->name;
  principal.session_context[std::string(kConsoleContext)] = "true";
  return principal;
}

// What a temporary key may not do, its console session may not either.
std::optional<Principal> ConsoleSessions::principal_of_key(const Row& row) {
  const auto key = credentials_.find(row.access_key_id);
  if (!key || !key->active || (key->expires && *key->expires <= clock_.now())) return std::nullopt;
  Principal principal = *key->principal;
  if (!principal.temporary) principal.session_context[std::string(kConsoleContext)] = "true";
  return principal;
}

std::optional<ConsoleSession> ConsoleSessions::find(std::string_view token) {
  const auto row = read(hash_of(token));
  if (!row) return std::nullopt;
  auto principal = row->access_key_id.empty() ? principal_of_user(*row) : principal_of_key(*row);
  if (!principal) return std::nullopt;
  principal->session_context["aws:tokenissuetime"] = iso8601(row->created);
  return ConsoleSession{
      .principal = std::move(*principal), .created = row->created, .expires = row->expires};
}

std::optional<AccessKey> ConsoleSessions::credentials(std::string_view token) {
  const auto session = find(token);
  if (!session) return std::nullopt;
  const auto left =
      std::chrono::duration_cast<std::chrono::seconds>(session->expires - clock_.now());
  AccessKey key = credentials_.create_session(
      session->principal, std::min<std::chrono::seconds>(left, kCredentialLifetime));
  const std::string hash = hash_of(token);
  bool ended = false;
  database_.write([&](store::Connection& connection) {
    // Somebody may have signed out meanwhile; in this transaction nobody can.
    ended = !connection.statement(kFind).bind(1, hash).step();
    if (ended) return;
    auto& insert = connection.statement(kInsertGiven).bind(1, hash).bind(2, key.id);
    insert.bind(3, milliseconds(*key.expires)).run();
  });
  if (!ended) return key;
  credentials_.delete_key(key.id);
  return std::nullopt;
}

bool ConsoleSessions::end(std::string_view token) {
  const std::string hash = hash_of(token);
  bool ended = false;
  std::vector<std::string> given;
  database_.write([&](store::Connection& connection) {
    connection.statement(kDelete).bind(1, hash).run();
    ended = connection.changes() == 1;
    auto& row = connection.statement(kGiven).bind(1, hash);
    while (row.step()) given.emplace_back(row.text(0));
    row.reset();
    connection.statement(kDeleteGiven).bind(1, hash).run();
  });
  for (const std::string& id : given) credentials_.delete_key(id);
  return ended;
}

}  // namespace clary::identity
