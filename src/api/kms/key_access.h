// From the name of a key in a request to the key itself, with the caller's rights asked: its key
// policy, grants and the caller's own policies.
// Sources: KMS's "Key policies", "Grants", "Condition keys", "Key states".
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "api/access.h"
#include "api/call.h"
#include "keys/key_table.h"

namespace clary::api::kms {

using KeyPointer = keys::KeyTable::KeyPointer;

// What a caller wants to do with a key, beyond its name.
struct Ask {
  std::string_view action;  // "Encrypt"
  const keys::EncryptionContext* encryption_context = nullptr;
  identity::Context context = {};  // further condition keys, in lower case
  std::string alias = {};          // "alias/NAME" when the request named the key so
  std::string via_service = {};    // "s3": a service that calls for the caller; "" for the caller
};

struct Permission {
  KeyPointer key;
  std::shared_ptr<const keys::Grant> grant;  // what let the caller in; nullptr for policies
};

// threads: any.
class KeyAccess {
 public:
  KeyAccess(keys::KeyTable& keys, const Clock& clock) : keys_(keys), clock_(clock) {}

  // The key that an id, ARN, alias name or alias ARN names; makes an AWS managed key at its first
  // use. Sets ask.alias. Throws NotFoundException.
  KeyPointer resolve(const Call& call, std::string_view key_id, Ask& ask);
  // Throws AccessDeniedException unless the caller may.
  Permission require(const Call& call, const KeyPointer& key, const Ask& ask);
  // Both.
  Permission require(const Call& call, std::string_view key_id, Ask ask);
  // Of a resource that is no key ("*", an alias): the caller's own policies only.
  void require_plain(const Call& call, std::string_view action, std::string resource,
                     identity::Context context = {});
  // Whether `policy` would let the caller do `action` to the key.
  bool would_allow(const Call& call, const keys::KmsKey& key, const std::string& policy,
                   std::string_view action);
  // The account's alias/aws/SERVICE.
  KeyPointer managed_key(const Call& call, std::string_view service);

 private:
  std::shared_ptr<const identity::Policy> policy_of(const keys::KmsKey& key);
  identity::AccessRequest request_for(const Call& call, const KeyPointer& key, const Ask& ask);

  keys::KeyTable& keys_;
  const Clock& clock_;
  std::mutex making_;  // of managed keys
  std::mutex mutex_;
  struct Parsed {
    std::shared_ptr<const std::string> text;
    std::shared_ptr<const identity::Policy> policy;
  };
  std::unordered_map<std::string, Parsed> policies_;  // guarded by mutex_
};

std::string key_arn(std::string_view region, std::string_view account, std::string_view id);
std::string alias_arn(std::string_view region, std::string_view account, std::string_view name);
std::string default_key_policy(std::string_view account);

// Throws DisabledException or KMSInvalidStateException unless the key can be used.
void require_enabled(const keys::KmsKey& key);
void require_not_pending(const keys::KmsKey& key);

}  // namespace clary::api::kms
