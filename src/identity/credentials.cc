#include "identity/credentials.h"

#include <openssl/sha.h>

#include <array>
#include <mutex>
#include <unordered_map>

#include "base/json.h"
#include "base/random.h"
#include "base/text.h"
#include "identity/roles.h"

namespace clary::identity {
namespace {

constexpr char kSchema1[] = R"(
CREATE TABLE access_keys(
  id TEXT PRIMARY KEY, secret TEXT NOT NULL, token TEXT NOT NULL, expires INTEGER,
  active INTEGER NOT NULL, local INTEGER NOT NULL, created INTEGER NOT NULL,
  kind INTEGER NOT NULL, account TEXT NOT NULL, arn TEXT NOT NULL, user_id TEXT NOT NULL,
  name TEXT NOT NULL, session_policy TEXT NOT NULL, session_tags TEXT NOT NULL) WITHOUT ROWID;
CREATE UNIQUE INDEX access_keys_local ON access_keys(account) WHERE local=1;
CREATE INDEX access_keys_expires ON access_keys(expires) WHERE expires IS NOT NULL;
CREATE INDEX access_keys_arn ON access_keys(arn,created) WHERE expires IS NULL;
)";
constexpr store::Migration kMigrations[] = {{"credentials", 1, kSchema1}};

#define CLARY_KEY_COLUMNS                                                                \
  "id,secret,token,expires,active,created,kind,account,arn,user_id,name,session_policy," \
  "session_tags"
constexpr char kInsert[] = "INSERT INTO access_keys(" CLARY_KEY_COLUMNS
                           ",local) VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14) "
                           "ON CONFLICT DO NOTHING";
constexpr char kFind[] = "SELECT " CLARY_KEY_COLUMNS " FROM access_keys WHERE id=?1";
constexpr char kFindLocal[] =
    "SELECT " CLARY_KEY_COLUMNS " FROM access_keys WHERE account=?1 AND local=1";
constexpr char kOfPrincipal[] = "SELECT " CLARY_KEY_COLUMNS
                                " FROM access_keys INDEXED BY access_keys_arn "
                                "WHERE arn=?1 AND expires IS NULL AND local=0 ORDER BY created,id";
#undef CLARY_KEY_COLUMNS
constexpr char kDelete[] = "DELETE FROM access_keys WHERE id=?1";
constexpr char kSetActive[] = "UPDATE access_keys SET active=?2 WHERE id=?1";
constexpr char kPurge[] = "DELETE FROM access_keys WHERE expires IS NOT NULL AND expires<?1";

std::int64_t milliseconds(Timestamp time) {
  return time.time_since_epoch().count();
}
Timestamp from_milliseconds(std::int64_t value) {
  return Timestamp(std::chrono::milliseconds(value));
}

std::string random_base64(std::size_t bytes) {
  std::string raw(bytes, '\0');
  fill_random(std::as_writable_bytes(std::span(raw)));
  return base64(raw);
}

std::string tags_text(const std::map<std::string, std::string>& tags) {
  json::object object;
  for (const auto& [key, value] : tags) object[key] = value;
  return json::serialize(object);
}

std::map<std::string, std::string> tags_of(std::string_view text) {
  std::map<std::string, std::string> tags;
  for (const auto& [key, value] : json::parse(text).as_object()) {
    tags.emplace(key, value.as_string());
  }
  return tags;
}

AccessKey key_of(const store::Statement& row) {
  auto principal = std::make_shared<Principal>();
  principal->kind = static_cast<Principal::Kind>(row.integer(6));
  principal->account = row.text(7);
  principal->arn = row.text(8);
  principal->user_id = row.text(9);
  principal->name = row.text(10);
  principal->session_policy = row.text(11);
  principal->session_tags = tags_of(row.text(12));
  AccessKey key;
  key.id = row.text(0);
  key.secret = row.text(1);
  key.session_token = row.text(2);
  if (!row.is_null(3)) key.expires = from_milliseconds(row.integer(3));
  key.active = row.integer(4) != 0;
  key.created = from_milliseconds(row.integer(5));
  key.principal = std::move(principal);
  return key;
}

void insert(store::Connection& connection, const AccessKey& key, bool local) {
  const std::string tags = tags_text(key.principal->session_tags);
  auto& row = connection.statement(kInsert);
  row.bind(1, key.id).bind(2, key.secret).bind(3, key.session_token);
  if (key.expires) {
    row.bind(4, milliseconds(*key.expires));
  } else {
    row.bind_null(4);
  }
  row.bind(5, key.active ? 1 : 0).bind(6, milliseconds(key.created));
  row.bind(7, static_cast<int>(key.principal->kind)).bind(8, key.principal->account);
  row.bind(9, key.principal->arn).bind(10, key.principal->user_id).bind(11, key.principal->name);
  row.bind(12, key.principal->session_policy).bind(13, tags).bind(14, local ? 1 : 0);
  row.run();
}

// Keys seen lately, by id. Bounded: a full shard is emptied, since every role session adds one.
class KeyCache {
 public:
  std::shared_ptr<const AccessKey> find(std::string_view id) {
    Shard& shard = shard_of(id);
    const std::lock_guard lock(shard.mutex);
    const auto found = shard.keys.find(id);
    return found == shard.keys.end() ? nullptr : found->second;
  }
  // `epoch` is what epoch() answered before the row was read: a key that was dropped since then
  // is not put back.
  void put(std::shared_ptr<const AccessKey> key, std::uint64_t epoch) {
    Shard& shard = shard_of(key->id);
    const std::lock_guard lock(shard.mutex);
    if (shard.epoch != epoch) return;
    if (shard.keys.size() >= kPerShard) shard.keys.clear();
    const std::string_view id = key->id;  // lives as long as the value
    shard.keys.erase(id);
    shard.keys.emplace(id, std::move(key));
  }
  std::uint64_t epoch(std::string_view id) {
    Shard& shard = shard_of(id);
    const std::lock_guard lock(shard.mutex);
    return shard.epoch;
  }
  void drop(std::string_view id) {
    Shard& shard = shard_of(id);
    const std::lock_guard lock(shard.mutex);
    ++shard.epoch;
    shard.keys.erase(id);
  }

 private:
  static constexpr std::size_t kShards = 64, kPerShard = 1024;
  struct Shard {
    std::mutex mutex;
    std::unordered_map<std::string_view, std::shared_ptr<const AccessKey>> keys;
    std::uint64_t epoch = 0;
  };
  Shard& shard_of(std::string_view id) {
    return shards_[std::hash<std::string_view>()(id) % kShards];
  }
  std::array<Shard, kShards> shards_;
};

}  // namespace

std::string execution_role_id(std::string_view account) {
  constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  const std::string text = "role " + std::string(kExecutionRole) + " " + std::string(account);
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest;
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
  std::string id = "AROA";
  for (std::size_t i = 0; i < 17; ++i) id.push_back(kAlphabet[digest[i] & 31]);
  return id;
}

struct Credentials::Impl {
  store::Database& database;
  const Clock& clock;
  KeyCache cache;

  std::optional<AccessKey> read_one(const char* sql, std::string_view value) {
    std::optional<AccessKey> key;
    database.read([&](store::Connection& connection) {
      auto& row = connection.statement(sql).bind(1, value);
      if (row.step()) key = key_of(row);
    });
    return key;
  }
};

Credentials::Credentials(store::Database& database, const Clock& clock)
    : impl_(std::make_unique<Impl>(database, clock)) {}

Credentials::~Credentials() = default;

std::span<const store::Migration> Credentials::migrations() {
  return kMigrations;
}

std::shared_ptr<const AccessKey> Credentials::find(std::string_view access_key_id) {
  if (auto cached = impl_->cache.find(access_key_id)) return cached;
  const std::uint64_t epoch = impl_->cache.epoch(access_key_id);
  auto stored = impl_->read_one(kFind, access_key_id);
  if (!stored) return nullptr;
  auto key = std::make_shared<const AccessKey>(std::move(*stored));
  impl_->cache.put(key, epoch);
  return key;
}

AccessKey Credentials::create_key(const Principal& principal) {
  AccessKey key{.id = "AKIA" + random_id(16),
                .secret = random_base64(30),
                .session_token = "",
                .expires = std::nullopt,
                .principal = std::make_shared<const Principal>(principal),
                .created = impl_->clock.now()};
  impl_->database.write([&](store::Connection& connection) { insert(connection, key, false); });
  return key;
}

bool Credentials::delete_key(std::string_view access_key_id) {
  bool deleted = false;
  impl_->database.write([&](store::Connection& connection) {
    connection.statement(kDelete).bind(1, access_key_id).run();
    deleted = connection.changes() == 1;
  });
  impl_->cache.drop(access_key_id);
  return deleted;
}

bool Credentials::set_active(std::string_view access_key_id, bool active) {
  bool found = false;
  impl_->database.write([&](store::Connection& connection) {
    connection.statement(kSetActive).bind(1, access_key_id).bind(2, active ? 1 : 0).run();
    found = connection.changes() == 1;
  });
  impl_->cache.drop(access_key_id);
  return found;
}

std::vector<AccessKey> Credentials::keys_of(std::string_view principal_arn) {
  std::vector<AccessKey> keys;
  impl_->database.read([&](store::Connection& connection) {
    auto& row = connection.statement(kOfPrincipal).bind(1, principal_arn);
    while (row.step()) keys.push_back(key_of(row));
  });
  return keys;
}

AccessKey Credentials::create_session(const Principal& principal, std::chrono::seconds lifetime) {
  const Timestamp now = impl_->clock.now();
  AccessKey key{.id = "ASIA" + random_id(16),
                .secret = random_base64(30),
                .session_token = "FwoClary" + random_base64(120),
                .expires = now + lifetime,
                .principal = std::make_shared<const Principal>(principal),
                .created = now};
  const Timestamp forgotten = now - std::chrono::days(1);
  impl_->database.write([&](store::Connection& connection) {
    connection.statement(kPurge).bind(1, milliseconds(forgotten)).run();
    insert(connection, key, false);
  });
  impl_->cache.put(std::make_shared<const AccessKey>(key), impl_->cache.epoch(key.id));
  return key;
}

AccessKey Credentials::local_key(std::string_view account) {
  if (auto key = impl_->read_one(kFindLocal, account)) return *key;
  Principal principal;
  principal.kind = Principal::Kind::kAssumedRole;
  principal.account = account;
  principal.arn = "arn:aws:sts::" + principal.account + ":assumed-role/" +
                  std::string(kExecutionRole) + "/local";
  principal.user_id = execution_role_id(account) + ":local";
  principal.name = kExecutionRole;
  const AccessKey key{.id = "AKIA" + random_id(16),
                      .secret = random_base64(30),
                      .session_token = "",
                      .expires = std::nullopt,
                      .principal = std::make_shared<const Principal>(std::move(principal)),
                      .created = impl_->clock.now()};
  impl_->database.write([&](store::Connection& connection) { insert(connection, key, true); });
  // Another caller may have been first.
  return impl_->read_one(kFindLocal, account).value_or(key);
}

}  // namespace clary::identity
