#include "keys/key_table.h"

#include <algorithm>
#include <mutex>
#include <shared_mutex>
#include <tuple>

#include "base/random.h"
#include "base/text.h"
#include "keys/aead.h"
#include "keys/key_rows.h"
#include "keys/root_key.h"

namespace clary::keys {
namespace {

constexpr char kSchema1[] = R"(
CREATE TABLE kms_keys(id TEXT PRIMARY KEY, document TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE kms_materials(
  key_id TEXT NOT NULL, number INTEGER NOT NULL, id TEXT NOT NULL, created INTEGER NOT NULL,
  on_demand INTEGER NOT NULL, sealed BLOB NOT NULL, PRIMARY KEY(key_id,number)) WITHOUT ROWID;
CREATE TABLE kms_aliases(
  account TEXT NOT NULL, region TEXT NOT NULL, name TEXT NOT NULL, key_id TEXT NOT NULL,
  created INTEGER NOT NULL, updated INTEGER NOT NULL,
  PRIMARY KEY(account,region,name)) WITHOUT ROWID;
CREATE TABLE kms_grants(
  key_id TEXT NOT NULL, id TEXT NOT NULL, document TEXT NOT NULL,
  PRIMARY KEY(key_id,id)) WITHOUT ROWID;
)";
constexpr store::Migration kMigrations[] = {{"kms", 1, kSchema1}};

constexpr char kAllKeys[] = "SELECT document FROM kms_keys";
constexpr char kAllMaterials[] =
    "SELECT key_id,number,id,created,on_demand,sealed FROM kms_materials ORDER BY key_id,number";
constexpr char kAllAliases[] = "SELECT account,region,name,key_id,created,updated FROM kms_aliases";
constexpr char kAllGrants[] = "SELECT key_id,document FROM kms_grants ORDER BY key_id,id";
constexpr char kPutKey[] =
    "INSERT INTO kms_keys(id,document) VALUES(?1,?2) "
    "ON CONFLICT(id) DO UPDATE SET document=excluded.document";
constexpr char kPutMaterial[] =
    "INSERT INTO kms_materials(key_id,number,id,created,on_demand,sealed) "
    "VALUES(?1,?2,?3,?4,?5,?6)";
constexpr char kReseal[] = "UPDATE kms_materials SET sealed=?3 WHERE key_id=?1 AND number=?2";
constexpr char kErase[] =
    "UPDATE kms_materials SET sealed=zeroblob(length(sealed)) WHERE key_id=?1";
constexpr char kDeleteMaterials[] = "DELETE FROM kms_materials WHERE key_id=?1";
constexpr char kDeleteKey[] = "DELETE FROM kms_keys WHERE id=?1";
constexpr char kDeleteKeyAliases[] = "DELETE FROM kms_aliases WHERE key_id=?1";
constexpr char kDeleteKeyGrants[] = "DELETE FROM kms_grants WHERE key_id=?1";
constexpr char kPutAlias[] =
    "INSERT INTO kms_aliases(account,region,name,key_id,created,updated) "
    "VALUES(?1,?2,?3,?4,?5,?6) ON CONFLICT(account,region,name) "
    "DO UPDATE SET key_id=excluded.key_id, updated=excluded.updated";
constexpr char kDeleteAlias[] =
    "DELETE FROM kms_aliases WHERE account=?1 AND region=?2 AND name=?3";
constexpr char kPutGrant[] = "INSERT INTO kms_grants(key_id,id,document) VALUES(?1,?2,?3)";
constexpr char kDeleteGrant[] = "DELETE FROM kms_grants WHERE key_id=?1 AND id=?2";

constexpr std::string_view kPurpose = "kms";

std::int64_t milliseconds(Timestamp time) {
  return time.time_since_epoch().count();
}

// What sealed material is bound to: it opens as nothing else.
std::string binding(std::string_view key_id, std::uint32_t number) {
  return std::string(key_id) + "/" + std::to_string(number);
}

std::string_view blob_text(const store::Statement& row, int column) {
  const auto blob = row.blob(column);
  return {reinterpret_cast<const char*>(blob.data()), blob.size()};
}

using AliasName = std::tuple<std::string, std::string, std::string>;
using KeyPointer = KeyTable::KeyPointer;

}  // namespace

const KeyMaterial* KmsKey::material(std::uint32_t number) const {
  for (const KeyMaterial& one : materials) {
    if (one.number == number) return &one;
  }
  return nullptr;
}

struct KeyTable::Impl {
  store::Database& database;
  const Clock& clock;
  Sealer& sealer;

  std::mutex changing;  // one change at a time: database, then memory
  std::shared_mutex mutex;
  std::map<std::string, KeyPointer, std::less<>> keys;  // guarded by mutex
  std::map<AliasName, KeyAlias> aliases;                // guarded by mutex

  void load();
  void load_materials(store::Connection& connection,
                      std::map<std::string, std::shared_ptr<KmsKey>>& loaded);
  // Key, number and new seal of what load() found under an older master key.
  std::vector<std::tuple<std::string, std::uint32_t, std::string>> stale;

  KeyPointer find(std::string_view id) {
    const std::shared_lock lock(mutex);
    const auto found = keys.find(id);
    return found == keys.end() ? nullptr : found->second;
  }

  KeyPointer publish(KmsKey key) {
    auto pointer = std::make_shared<const KmsKey>(std::move(key));
    const std::lock_guard lock(mutex);
    return keys[pointer->id] = std::move(pointer);
  }

  KeyMaterial store_material(store::Connection& connection, const KmsKey& key, std::uint32_t number,
                             const std::shared_ptr<const Secret>& secret, bool on_demand) const {
    KeyMaterial material{.number = number,
                         .id = random_hex(32),
                         .created = clock.now(),
                         .on_demand = on_demand,
                         .secret = secret};
    const std::string sealed = sealer.seal(kPurpose, secret->bytes(), binding(key.id, number));
    auto& row = connection.statement(kPutMaterial);
    row.bind(1, key.id).bind(2, number).bind(3, material.id);
    row.bind(4, milliseconds(material.created)).bind(5, on_demand ? 1 : 0);
    row.bind_blob(6, as_bytes(sealed)).run();
    return material;
  }
};

void KeyTable::Impl::load_materials(store::Connection& connection,
                                    std::map<std::string, std::shared_ptr<KmsKey>>& loaded) {
  auto& row = connection.statement(kAllMaterials);
  while (row.step()) {
    const auto found = loaded.find(std::string(row.text(0)));
    if (found == loaded.end()) continue;
    KeyMaterial material;
    material.number = static_cast<std::uint32_t>(row.integer(1));
    material.id = row.text(2);
    material.created = Timestamp(std::chrono::milliseconds(row.integer(3)));
    material.on_demand = row.integer(4) != 0;
    const std::string_view sealed = blob_text(row, 5);
    auto opened = sealer.open(kPurpose, sealed, binding(found->first, material.number));
    if (!opened) {
      throw RootKeyError(
          "the key material in metadata.db was sealed with another keyring, or is damaged (key " +
          found->first + "); put keyring.json and metadata.db back from one backup");
    }
    if (!sealer.is_current(sealed)) {
      stale.emplace_back(found->first, material.number,
                         sealer.seal(kPurpose, *opened, binding(found->first, material.number)));
    }
    material.secret = std::make_shared<const Secret>(std::move(*opened));
    found->second->materials.push_back(std::move(material));
  }
}

void KeyTable::Impl::load() {
  std::map<std::string, std::shared_ptr<KmsKey>> loaded;
  database.read([&](store::Connection& connection) {
    auto& key_row = connection.statement(kAllKeys);
    while (key_row.step()) {
      auto key = std::make_shared<KmsKey>(key_of(key_row.text(0)));
      loaded.emplace(key->id, std::move(key));
    }
    load_materials(connection, loaded);
    auto& grant_row = connection.statement(kAllGrants);
    while (grant_row.step()) {
      const auto found = loaded.find(std::string(grant_row.text(0)));
      if (found == loaded.end()) continue;
      found->second->grants.push_back(std::make_shared<const Grant>(grant_of(grant_row.text(1))));
    }
    auto& row = connection.statement(kAllAliases);
    while (row.step()) {
      KeyAlias alias{.account = std::string(row.text(0)),
                     .region = std::string(row.text(1)),
                     .name = std::string(row.text(2)),
                     .key_id = std::string(row.text(3)),
                     .created = Timestamp(std::chrono::milliseconds(row.integer(4))),
                     .updated = Timestamp(std::chrono::milliseconds(row.integer(5)))};
      aliases.emplace(AliasName(alias.account, alias.region, alias.name), std::move(alias));
    }
  });
  for (auto& [id, key] : loaded) keys.emplace(id, std::move(key));
  // Under the newest master key, once the root key was replaced.
  if (stale.empty()) return;
  database.write([&](store::Connection& connection) {
    for (const auto& [id, number, sealed] : stale) {
      connection.statement(kReseal)
          .bind(1, id)
          .bind(2, number)
          .bind_blob(3, as_bytes(sealed))
          .run();
    }
  });
  stale.clear();
}

KeyTable::KeyTable(store::Database& database, const Clock& clock, Sealer& sealer)
    : impl_(std::make_unique<Impl>(database, clock, sealer)) {
  impl_->load();
}

KeyTable::~KeyTable() = default;

std::span<const store::Migration> KeyTable::migrations() {
  return kMigrations;
}

KeyPointer KeyTable::find(std::string_view id) {
  return impl_->find(id);
}

std::vector<KeyPointer> KeyTable::all() {
  const std::shared_lock lock(impl_->mutex);
  std::vector<KeyPointer> keys;
  for (const auto& [id, key] : impl_->keys) keys.push_back(key);
  return keys;
}

std::vector<KeyPointer> KeyTable::list(std::string_view account, std::string_view region) {
  auto keys = all();
  std::erase_if(keys, [&](const KeyPointer& key) {
    return key->account != account || key->region != region;
  });
  return keys;
}

KeyPointer KeyTable::create(KmsKey key, std::string material) {
  const auto secret = std::make_shared<const Secret>(std::move(material));
  const std::lock_guard changing(impl_->changing);
  impl_->database.write([&](store::Connection& connection) {
    connection.statement(kPutKey).bind(1, key.id).bind(2, key_text(key)).run();
    key.materials = {impl_->store_material(connection, key, 1, secret, false)};
  });
  return impl_->publish(std::move(key));
}

KeyPointer KeyTable::update(std::string_view id, const std::function<void(KmsKey&)>& change) {
  const std::lock_guard changing(impl_->changing);
  const KeyPointer current = impl_->find(id);
  if (current == nullptr) return nullptr;
  KmsKey key = *current;
  change(key);
  const std::string text = key_text(key);
  impl_->database.write([&](store::Connection& connection) {
    connection.statement(kPutKey).bind(1, key.id).bind(2, text).run();
  });
  return impl_->publish(std::move(key));
}

KeyPointer KeyTable::rotate(std::string_view id, std::string material, bool on_demand,
                            const std::function<void(KmsKey&)>& change) {
  const auto secret = std::make_shared<const Secret>(std::move(material));
  const std::lock_guard changing(impl_->changing);
  const KeyPointer current = impl_->find(id);
  if (current == nullptr || current->materials.empty()) return nullptr;
  KmsKey key = *current;
  change(key);
  const std::string text = key_text(key);
  KeyMaterial added;
  impl_->database.write([&](store::Connection& connection) {
    connection.statement(kPutKey).bind(1, key.id).bind(2, text).run();
    added =
        impl_->store_material(connection, key, key.materials.back().number + 1, secret, on_demand);
  });
  key.materials.push_back(std::move(added));
  return impl_->publish(std::move(key));
}

void KeyTable::destroy(std::string_view id) {
  const std::lock_guard changing(impl_->changing);
  {
    const std::lock_guard lock(impl_->mutex);
    const auto found = impl_->keys.find(id);
    if (found == impl_->keys.end()) return;
    impl_->keys.erase(found);
    std::erase_if(impl_->aliases, [&](const auto& alias) { return alias.second.key_id == id; });
  }
  impl_->database.write([&](store::Connection& connection) {
    // What is deleted from here on is overwritten with zeros in the file.
    connection.execute("PRAGMA secure_delete=ON");
    for (const char* const sql :
         {kErase, kDeleteMaterials, kDeleteKey, kDeleteKeyAliases, kDeleteKeyGrants}) {
      connection.statement(sql).bind(1, id).run();
    }
    connection.execute("PRAGMA secure_delete=FAST");
  });
  impl_->database.empty_log();
}

std::optional<KeyAlias> KeyTable::find_alias(std::string_view account, std::string_view region,
                                             std::string_view name) {
  const std::shared_lock lock(impl_->mutex);
  const auto found =
      impl_->aliases.find(AliasName(std::string(account), std::string(region), std::string(name)));
  if (found == impl_->aliases.end()) return std::nullopt;
  return found->second;
}

std::vector<KeyAlias> KeyTable::aliases(std::string_view account, std::string_view region) {
  const std::shared_lock lock(impl_->mutex);
  std::vector<KeyAlias> found;
  for (const auto& [name, alias] : impl_->aliases) {
    if (alias.account == account && alias.region == region) found.push_back(alias);
  }
  return found;
}

bool KeyTable::create_alias(KeyAlias& alias) {
  const std::lock_guard changing(impl_->changing);
  if (find_alias(alias.account, alias.region, alias.name)) return false;
  alias.created = alias.updated = impl_->clock.now();
  impl_->database.write([&](store::Connection& connection) {
    auto& row = connection.statement(kPutAlias);
    row.bind(1, alias.account).bind(2, alias.region).bind(3, alias.name).bind(4, alias.key_id);
    row.bind(5, milliseconds(alias.created)).bind(6, milliseconds(alias.updated)).run();
  });
  const std::lock_guard lock(impl_->mutex);
  impl_->aliases.emplace(AliasName(alias.account, alias.region, alias.name), alias);
  return true;
}

bool KeyTable::move_alias(std::string_view account, std::string_view region, std::string_view name,
                          std::string_view key_id) {
  const std::lock_guard changing(impl_->changing);
  auto alias = find_alias(account, region, name);
  if (!alias) return false;
  alias->key_id = key_id;
  alias->updated = impl_->clock.now();
  impl_->database.write([&](store::Connection& connection) {
    auto& row = connection.statement(kPutAlias);
    row.bind(1, account).bind(2, region).bind(3, name).bind(4, key_id);
    row.bind(5, milliseconds(alias->created)).bind(6, milliseconds(alias->updated)).run();
  });
  const std::lock_guard lock(impl_->mutex);
  impl_->aliases[AliasName(alias->account, alias->region, alias->name)] = *alias;
  return true;
}

bool KeyTable::delete_alias(std::string_view account, std::string_view region,
                            std::string_view name) {
  const std::lock_guard changing(impl_->changing);
  if (!find_alias(account, region, name)) return false;
  impl_->database.write([&](store::Connection& connection) {
    connection.statement(kDeleteAlias).bind(1, account).bind(2, region).bind(3, name).run();
  });
  const std::lock_guard lock(impl_->mutex);
  impl_->aliases.erase(AliasName(std::string(account), std::string(region), std::string(name)));
  return true;
}

bool KeyTable::add_grant(std::string_view key_id, Grant grant) {
  const std::lock_guard changing(impl_->changing);
  const KeyPointer current = impl_->find(key_id);
  if (current == nullptr) return false;
  const std::string text = grant_text(grant);
  impl_->database.write([&](store::Connection& connection) {
    connection.statement(kPutGrant).bind(1, key_id).bind(2, grant.id).bind(3, text).run();
  });
  KmsKey key = *current;
  const auto place = std::find_if(key.grants.begin(), key.grants.end(),
                                  [&](const auto& other) { return other->id > grant.id; });
  key.grants.insert(place, std::make_shared<const Grant>(std::move(grant)));
  impl_->publish(std::move(key));
  return true;
}

bool KeyTable::remove_grant(std::string_view key_id, std::string_view grant_id) {
  const std::lock_guard changing(impl_->changing);
  const KeyPointer current = impl_->find(key_id);
  if (current == nullptr) return false;
  KmsKey key = *current;
  if (std::erase_if(key.grants, [&](const auto& grant) { return grant->id == grant_id; }) == 0) {
    return false;
  }
  impl_->database.write([&](store::Connection& connection) {
    connection.statement(kDeleteGrant).bind(1, key_id).bind(2, grant_id).run();
  });
  impl_->publish(std::move(key));
  return true;
}

}  // namespace clary::keys
