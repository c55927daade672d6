#include "identity/credentials.h"

#include <openssl/sha.h>

#include <array>
#include <functional>
#include <mutex>
#include <unordered_map>

#include "base/json.h"
#include "base/random.h"
#include "base/text.h"
#include "identity/entity_table.h"
#include "identity/roles.h"
#include "keys/sealer.h"

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
// What STS adds to a session, and when a long-lived key was used last.
constexpr char kSchema2[] = R"(
ALTER TABLE access_keys ADD COLUMN session TEXT NOT NULL DEFAULT '{}';
ALTER TABLE access_keys ADD COLUMN used INTEGER;
ALTER TABLE access_keys ADD COLUMN used_service TEXT NOT NULL DEFAULT '';
ALTER TABLE access_keys ADD COLUMN used_region TEXT NOT NULL DEFAULT '';
)";
// Whether secret and token are sealed: blobs of keys::Sealer.
constexpr char kSchema3[] = "ALTER TABLE access_keys ADD COLUMN sealed INTEGER NOT NULL DEFAULT 0";
constexpr store::Migration kMigrations[] = {
    {"credentials", 1, kSchema1}, {"credentials", 2, kSchema2}, {"credentials", 3, kSchema3}};

#define CLARY_KEY_COLUMNS                                                                \
  "id,secret,token,expires,active,created,kind,account,arn,user_id,name,session_policy," \
  "session_tags,session,local"
constexpr char kInsert[] = "INSERT INTO access_keys(" CLARY_KEY_COLUMNS
                           ",sealed) VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,1) "
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
constexpr char kNoteUse[] =
    "UPDATE access_keys SET used=?2,used_service=?3,used_region=?4 WHERE id=?1";
constexpr char kLastUse[] = "SELECT used,used_service,used_region FROM access_keys WHERE id=?1";
constexpr char kAllOf[] = "SELECT id FROM access_keys WHERE arn=?1";
constexpr char kRename[] = "UPDATE access_keys SET arn=?2,name=?3 WHERE arn=?1";
constexpr char kDeleteAllOf[] = "DELETE FROM access_keys WHERE arn=?1";
constexpr char kSecrets[] = "SELECT id,secret,token,sealed FROM access_keys";
constexpr char kSeal[] = "UPDATE access_keys SET secret=?2,token=?3,sealed=1 WHERE id=?1";
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

// What a principal's session has beside the columns of its own.
std::string session_text(const Principal& principal) {
  json::object object;
  if (!principal.session_policy_arns.empty()) {
    object["policy_arns"] = array_of(principal.session_policy_arns);
  }
  if (!principal.transitive_tags.empty()) {
    object["transitive_tags"] = array_of(principal.transitive_tags);
  }
  if (!principal.source_identity.empty()) object["source_identity"] = principal.source_identity;
  if (!principal.session_context.empty()) object["context"] = object_of(principal.session_context);
  if (principal.temporary) object["temporary"] = true;
  if (principal.owner) object["owner"] = true;
  return json::serialize(object);
}

void read_session(Principal& principal, std::string_view tags, std::string_view session) {
  const json::value parsed_tags = json::parse(tags), parsed = json::parse(session);
  const json::object& object = parsed.as_object();
  principal.session_tags = map_of(&parsed_tags.as_object());
  principal.session_policy_arns = list_of(find_array(object, "policy_arns"));
  principal.transitive_tags = list_of(find_array(object, "transitive_tags"));
  principal.source_identity = string_or(object, "source_identity");
  principal.session_context = map_of(find_object(object, "context"));
  principal.temporary = find_bool(object, "temporary").value_or(false);
  principal.owner = find_bool(object, "owner").value_or(false);
}

// How secrets meet the table: "secret" or "token" of a key, sealed as nothing else.
std::string sealed_member(keys::Sealer& sealer, std::string_view id, std::string_view member,
                          std::string_view text) {
  if (text.empty()) return {};
  return sealer.seal("credentials", text, std::string(id) + "/" + std::string(member));
}
std::string opened_member(keys::Sealer& sealer, std::string_view id, std::string_view member,
                          std::span<const std::byte> blob) {
  if (blob.empty()) return {};
  auto text = sealer.open("credentials", {reinterpret_cast<const char*>(blob.data()), blob.size()},
                          std::string(id) + "/" + std::string(member));
  if (!text) {
    throw StorageError("the " + std::string(member) + " of access key " + std::string(id) +
                       " was sealed with another keyring, or is damaged; put keyring.json and "
                       "metadata.db back from one backup");
  }
  return std::move(*text);
}

AccessKey key_of(const store::Statement& row, keys::Sealer& sealer) {
  auto principal = std::make_shared<Principal>();
  principal->kind = static_cast<Principal::Kind>(row.integer(6));
  principal->account = row.text(7);
  principal->arn = row.text(8);
  principal->user_id = row.text(9);
  principal->name = row.text(10);
  principal->session_policy = row.text(11);
  read_session(*principal, row.text(12), row.text(13));
  if (row.integer(14) != 0) principal->owner = true;
  AccessKey key;
  key.id = row.text(0);
  key.secret = opened_member(sealer, key.id, "secret", row.blob(1));
  key.session_token = opened_member(sealer, key.id, "token", row.blob(2));
  if (!row.is_null(3)) key.expires = from_milliseconds(row.integer(3));
  key.active = row.integer(4) != 0;
  key.created = from_milliseconds(row.integer(5));
  key.principal = std::move(principal);
  return key;
}

void insert(store::Connection& connection, keys::Sealer& sealer, const AccessKey& key, bool local) {
  const std::string tags = json::serialize(object_of(key.principal->session_tags));
  const std::string session = session_text(*key.principal);
  const std::string secret = sealed_member(sealer, key.id, "secret", key.secret);
  const std::string token = sealed_member(sealer, key.id, "token", key.session_token);
  auto& row = connection.statement(kInsert);
  row.bind(1, key.id).bind_blob(2, as_bytes(secret)).bind_blob(3, as_bytes(token));
  if (key.expires) {
    row.bind(4, milliseconds(*key.expires));
  } else {
    row.bind_null(4);
  }
  row.bind(5, key.active ? 1 : 0).bind(6, milliseconds(key.created));
  row.bind(7, static_cast<int>(key.principal->kind)).bind(8, key.principal->account);
  row.bind(9, key.principal->arn).bind(10, key.principal->user_id).bind(11, key.principal->name);
  row.bind(12, key.principal->session_policy).bind(13, tags).bind(14, session);
  row.bind(15, local ? 1 : 0).run();
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

constexpr std::chrono::minutes kUseWrites{15};

}  // namespace

// Use since the key was read. The first one is written at once.
struct AccessKey::LastUse {
  std::mutex mutex;
  KeyUse use;
  Timestamp written{};
};

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
  keys::Sealer& sealer;
  KeyCache cache;

  void seal_stored();

  std::optional<AccessKey> read_one(const char* sql, std::string_view value) {
    std::optional<AccessKey> key;
    database.read([&](store::Connection& connection) {
      auto& row = connection.statement(sql).bind(1, value);
      if (row.step()) key = key_of(row, sealer);
    });
    return key;
  }

  // The ids of a principal's keys and sessions, which `change` altered.
  std::vector<std::string> change_all_of(std::string_view arn,
                                         const std::function<void(store::Connection&)>& change) {
    std::vector<std::string> ids;
    database.write([&](store::Connection& connection) {
      auto& row = connection.statement(kAllOf).bind(1, arn);
      while (row.step()) ids.emplace_back(row.text(0));
      row.reset();
      change(connection);
    });
    return ids;
  }
};

// What an older version left in the clear, and what an older master key sealed.
void Credentials::Impl::seal_stored() {
  struct Stored {
    std::string id, secret, token;
  };
  std::vector<Stored> stale;
  bool plain = false;
  database.read([&](store::Connection& connection) {
    auto& row = connection.statement(kSecrets);
    while (row.step()) {
      const std::string id(row.text(0));
      const auto secret = row.blob(1);
      const bool sealed = row.integer(3) != 0;
      if (sealed &&
          sealer.is_current({reinterpret_cast<const char*>(secret.data()), secret.size()}))
        continue;
      plain = plain || !sealed;
      stale.push_back(sealed ? Stored{id, opened_member(sealer, id, "secret", secret),
                                      opened_member(sealer, id, "token", row.blob(2))}
                             : Stored{id, std::string(row.text(1)), std::string(row.text(2))});
    }
  });
  if (stale.empty()) return;
  database.write([&](store::Connection& connection) {
    for (const Stored& one : stale) {
      const std::string secret = sealed_member(sealer, one.id, "secret", one.secret);
      const std::string token = sealed_member(sealer, one.id, "token", one.token);
      auto& row = connection.statement(kSeal).bind(1, one.id);
      row.bind_blob(2, as_bytes(secret)).bind_blob(3, as_bytes(token)).run();
    }
  });
  // So that the plain ones stand in no unused page either.
  if (plain) database.compact();
}

Credentials::Credentials(store::Database& database, const Clock& clock, keys::Sealer& sealer)
    : impl_(std::make_unique<Impl>(database, clock, sealer)) {
  impl_->seal_stored();
}

Credentials::~Credentials() = default;

std::span<const store::Migration> Credentials::migrations() {
  return kMigrations;
}

std::shared_ptr<const AccessKey> Credentials::find(std::string_view access_key_id) {
  if (auto cached = impl_->cache.find(access_key_id)) return cached;
  const std::uint64_t epoch = impl_->cache.epoch(access_key_id);
  auto stored = impl_->read_one(kFind, access_key_id);
  if (!stored) return nullptr;
  if (!stored->expires) stored->last_use = std::make_shared<AccessKey::LastUse>();
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
                .created = impl_->clock.now(),
                .last_use = nullptr};
  impl_->database.write(
      [&](store::Connection& connection) { insert(connection, impl_->sealer, key, false); });
  return key;
}

bool Credentials::import_key(const Principal& principal, std::string_view id,
                             std::string_view secret) {
  const AccessKey key{.id = std::string(id),
                      .secret = std::string(secret),
                      .session_token = "",
                      .expires = std::nullopt,
                      .principal = std::make_shared<const Principal>(principal),
                      .created = impl_->clock.now(),
                      .last_use = nullptr};
  bool added = false;
  impl_->database.write([&](store::Connection& connection) {
    insert(connection, impl_->sealer, key, false);
    added = connection.changes() == 1;
  });
  impl_->cache.drop(id);
  return added;
}

void Credentials::note_use(const AccessKey& key, std::string_view service,
                           std::string_view region) {
  if (key.last_use == nullptr) return;
  const Timestamp now = impl_->clock.now();
  {
    AccessKey::LastUse& last = *key.last_use;
    const std::lock_guard lock(last.mutex);
    last.use.time = now;
    if (last.use.service != service) last.use.service = service;
    if (last.use.region != region) last.use.region = region;
    if (now - last.written < kUseWrites) return;
    last.written = now;
  }
  impl_->database.write_later(
      [id = key.id, now, by = std::string(service),
       in = std::string(region)](store::Connection& connection) {
        auto& row = connection.statement(kNoteUse).bind(1, id).bind(2, milliseconds(now));
        row.bind(3, by).bind(4, in).run();
      },
      {});
}

std::optional<KeyUse> Credentials::last_use(std::string_view access_key_id) {
  if (const auto key = impl_->cache.find(access_key_id); key != nullptr && key->last_use) {
    const std::lock_guard lock(key->last_use->mutex);
    if (!key->last_use->use.service.empty()) return key->last_use->use;
  }
  std::optional<KeyUse> use;
  impl_->database.read([&](store::Connection& connection) {
    auto& row = connection.statement(kLastUse).bind(1, access_key_id);
    if (!row.step() || row.is_null(0)) return;
    use = KeyUse{.time = from_milliseconds(row.integer(0)),
                 .service = std::string(row.text(1)),
                 .region = std::string(row.text(2))};
  });
  return use;
}

void Credentials::rename(std::string_view old_arn, const Principal& renamed) {
  for (const std::string& id : impl_->change_all_of(old_arn, [&](store::Connection& connection) {
         auto& row = connection.statement(kRename).bind(1, old_arn).bind(2, renamed.arn);
         row.bind(3, renamed.name).run();
       })) {
    impl_->cache.drop(id);
  }
}

void Credentials::remove_all_of(std::string_view principal_arn) {
  for (const std::string& id :
       impl_->change_all_of(principal_arn, [&](store::Connection& connection) {
         connection.statement(kDeleteAllOf).bind(1, principal_arn).run();
       })) {
    impl_->cache.drop(id);
  }
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
    while (row.step()) keys.push_back(key_of(row, impl_->sealer));
  });
  return keys;
}

AccessKey Credentials::create_session(const Principal& principal, std::chrono::seconds lifetime) {
  const Timestamp now = impl_->clock.now();
  Principal whose = principal;
  whose.temporary = true;
  AccessKey key{.id = "ASIA" + random_id(16),
                .secret = random_base64(30),
                .session_token = "FwoClary" + random_base64(120),
                .expires = now + lifetime,
                .principal = std::make_shared<const Principal>(std::move(whose)),
                .created = now,
                .last_use = nullptr};
  const Timestamp forgotten = now - std::chrono::days(1);
  impl_->database.write([&](store::Connection& connection) {
    connection.statement(kPurge).bind(1, milliseconds(forgotten)).run();
    insert(connection, impl_->sealer, key, false);
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
  principal.owner = true;
  const AccessKey key{.id = "AKIA" + random_id(16),
                      .secret = random_base64(30),
                      .session_token = "",
                      .expires = std::nullopt,
                      .principal = std::make_shared<const Principal>(std::move(principal)),
                      .created = impl_->clock.now(),
                      .last_use = nullptr};
  impl_->database.write(
      [&](store::Connection& connection) { insert(connection, impl_->sealer, key, true); });
  // Another caller may have been first.
  return impl_->read_one(kFindLocal, account).value_or(key);
}

}  // namespace clary::identity
