// What a bucket's own settings say about who may use it: policy, ACL, ownership of objects, public
// access block. Parsed once, kept in memory, asked by every request.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "api/s3/acl.h"
#include "identity/policy.h"
#include "objects/object_store.h"

namespace clary::api::s3 {

// kUnset: the setting was deleted, which leaves ACLs in force and objects with who wrote them.
enum class ObjectOwnership : std::uint8_t {
  kUnset,
  kObjectWriter,
  kBucketOwnerPreferred,
  kBucketOwnerEnforced
};
// "BucketOwnerEnforced"; "" for kUnset.
std::string_view name_of(ObjectOwnership ownership);
std::optional<ObjectOwnership> object_ownership(std::string_view name);

struct PublicAccessBlock {
  bool block_public_acls = false, ignore_public_acls = false;
  bool block_public_policy = false, restrict_public_buckets = false;
};
inline constexpr PublicAccessBlock kBlockAll{true, true, true, true};

struct BucketAccess {
  std::string policy_text;
  std::shared_ptr<const identity::Policy> policy;    // nullptr for none
  std::shared_ptr<const identity::Policy> refusals;  // its Deny statements alone
  bool policy_is_public = false;
  ObjectOwnership ownership = ObjectOwnership::kBucketOwnerEnforced;
  std::optional<PublicAccessBlock> block;  // nullopt: deleted
  Acl acl;

  bool acls_in_force() const { return ownership != ObjectOwnership::kBucketOwnerEnforced; }
  bool ignores_public_acls() const { return block && block->ignore_public_acls; }
};

// Names of the settings among the bucket's configurations. A bucket without one has AWS's default:
// no policy, BucketOwnerEnforced, every kind of public access blocked, a private ACL.
inline constexpr std::string_view kPolicySetting = "policy";
inline constexpr std::string_view kOwnershipSetting = "ownership-controls";
inline constexpr std::string_view kBlockSetting = "public-access-block";
inline constexpr std::string_view kAclSetting = "acl";
// What kOwnershipSetting and kBlockSetting hold once they were deleted.
inline constexpr std::string_view kDeletedSetting = "none";

std::string block_text(const PublicAccessBlock& block);

// threads: any. blocks: find() for a bucket that it has not seen since its last change.
class BucketAccessCache {
 public:
  explicit BucketAccessCache(objects::ObjectStore& store) : store_(store) {}

  std::shared_ptr<const BucketAccess> find(const objects::BucketInfo& bucket);
  // Stores a setting (nullopt: as it never was) and forgets what was known.
  objects::Outcome<void> set(const BucketName& bucket, std::string_view setting,
                             std::optional<std::string> value);
  // After a bucket came or went.
  void forget(const BucketName& bucket);

 private:
  objects::ObjectStore& store_;
  std::shared_mutex mutex_;
  std::unordered_map<std::string, std::shared_ptr<const BucketAccess>> known_;
  std::uint64_t changes_ = 0;  // guards against keeping what was read before a change
};

}  // namespace clary::api::s3
