// The keys of KMS: what is known of them, their material, aliases and grants.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "keys/sealer.h"
#include "store/database.h"

namespace clary::keys {

// Secret bytes of any length, wiped when they go.
class Secret {
 public:
  explicit Secret(std::string bytes) : bytes_(std::move(bytes)) {}
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;
  ~Secret() { OPENSSL_cleanse(bytes_.data(), bytes_.size()); }
  std::string_view bytes() const { return bytes_; }

 private:
  std::string bytes_;
};

// One generation of a key's material: 32 bytes, the bytes of an HMAC key, or a private key (PKCS#8
// DER).
struct KeyMaterial {
  std::uint32_t number = 0;  // 1, 2, ...; the last one encrypts, all decrypt
  std::string id;            // 64 hex digits
  Timestamp created{};
  bool on_demand = false;  // rotated by RotateKeyOnDemand
  std::shared_ptr<const Secret> secret;
};

struct Grant {
  std::string id, token, name, grantee, retiring, issuing_account;
  std::vector<std::string> operations;  // "Decrypt", ...
  std::optional<EncryptionContext> context_equals, context_subset;
  Timestamp created{};
};

struct KmsKey {
  std::string id, account, region, arn;
  std::string description;
  std::string spec = "SYMMETRIC_DEFAULT", usage = "ENCRYPT_DECRYPT", state = "Enabled";
  bool aws_managed = false;
  bool multi_region = false;
  Timestamp created{};
  std::optional<Timestamp> deletion_date;
  int pending_days = 0;
  bool rotation_enabled = false;
  int rotation_days = 365;
  std::optional<Timestamp> next_rotation;
  std::shared_ptr<const std::string> policy;  // JSON text
  std::map<std::string, std::string> tags;

  std::vector<KeyMaterial> materials;                // oldest first; none once destroyed
  std::vector<std::shared_ptr<const Grant>> grants;  // in the order of their ids

  bool symmetric() const { return spec == "SYMMETRIC_DEFAULT"; }
  const KeyMaterial* material(std::uint32_t number) const;
};

struct KeyAlias {
  std::string account, region, name;  // "alias/NAME"
  std::string key_id;
  Timestamp created{}, updated{};
};

// All keys live in memory too, as they are in use all the time; changes reach the database first.
// threads: any. blocks: what changes something. errors: StorageError; RootKeyError on construction
// when the stored material was sealed with another keyring.
class KeyTable {
 public:
  using KeyPointer = std::shared_ptr<const KmsKey>;

  KeyTable(store::Database& database, const Clock& clock, Sealer& sealer);
  ~KeyTable();
  static std::span<const store::Migration> migrations();

  // Nullptr: none of that id. Ids are unique over accounts and regions.
  KeyPointer find(std::string_view id);
  // By id.
  std::vector<KeyPointer> list(std::string_view account, std::string_view region);
  std::vector<KeyPointer> all();

  // A new key with its first material.
  KeyPointer create(KmsKey key, std::string material);
  // Nullptr: it is gone. `change` may alter what is not material, grants or identity; what it
  // throws is thrown here, and nothing is changed.
  KeyPointer update(std::string_view id, const std::function<void(KmsKey&)>& change);
  // A further material, which encrypts from now on, and `change` with it.
  KeyPointer rotate(std::string_view id, std::string material, bool on_demand,
                    const std::function<void(KmsKey&)>& change);
  // Overwrites the material in the database and its log, and forgets key, aliases and grants.
  void destroy(std::string_view id);

  std::optional<KeyAlias> find_alias(std::string_view account, std::string_view region,
                                     std::string_view name);
  // By name.
  std::vector<KeyAlias> aliases(std::string_view account, std::string_view region);
  // False: the name is taken.
  [[nodiscard]] bool create_alias(KeyAlias& alias);
  [[nodiscard]] bool move_alias(std::string_view account, std::string_view region,
                                std::string_view name, std::string_view key_id);
  [[nodiscard]] bool delete_alias(std::string_view account, std::string_view region,
                                  std::string_view name);

  // False: the key is gone.
  [[nodiscard]] bool add_grant(std::string_view key_id, Grant grant);
  [[nodiscard]] bool remove_grant(std::string_view key_id, std::string_view grant_id);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace clary::keys
