// What is known of a bucket, an object, an upload and its parts.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/strong.h"
#include "objects/encryption.h"

namespace clary::objects {

enum class ChecksumAlgorithm { kCrc32, kCrc32c, kCrc64nvme, kSha1, kSha256 };

struct Checksum {
  ChecksumAlgorithm algorithm = ChecksumAlgorithm::kCrc32;
  std::string value;       // Base64, with "-N" for composite ones
  bool composite = false;  // COMPOSITE against FULL_OBJECT
  friend bool operator==(const Checksum&, const Checksum&) = default;
};

// What a bucket does with an object that is overwritten or deleted: nothing is kept until versions
// are enabled for the first time.
enum class Versioning { kNever, kEnabled, kSuspended };

enum class LockMode { kNone, kGovernance, kCompliance };

// What keeps a version from being deleted.
struct ObjectLock {
  LockMode mode = LockMode::kNone;
  Timestamp until;  // of the mode
  bool legal_hold = false;
  friend bool operator==(const ObjectLock&, const ObjectLock&) = default;
};

// How long versions are locked that say nothing themselves; days or years.
struct DefaultRetention {
  LockMode mode = LockMode::kNone;
  int days = 0, years = 0;
};

enum class CreatedBy { kPut, kPost, kCopy, kMultipart };

// Who asked for a change, as event notifications tell it.
struct Requester {
  std::string principal, source_ip, request_id;
};

// The bucket setting that holds the rules of its lifecycle.
inline constexpr std::string_view kLifecycleConfig = "lifecycle";

// Name of the version that a bucket without versioning, or a suspended one, writes.
inline constexpr std::string_view kNullVersion = "null";

struct ObjectInfo {
  ObjectKey key;
  std::string version_id = "null";
  // Orders the versions of a key: greater is newer.
  std::uint64_t sequence = 0;
  bool latest = true;          // no newer version of the key
  bool delete_marker = false;  // no object: says that the key was deleted
  std::uint64_t size = 0;
  std::string etag;  // without quotes
  Timestamp modified;
  std::string content_type;
  std::map<std::string, std::string> user_metadata;  // names without x-amz-meta-
  // Cache-Control, Content-Disposition, ...: sent back as they came. Names in lower case.
  std::map<std::string, std::string> system_headers;
  std::vector<Checksum> checksums;
  std::map<std::string, std::string> tags;
  std::vector<std::uint64_t> part_sizes;  // multipart only
  std::string owner;                      // an account; "" is the bucket's
  std::string acl;                        // as api/s3 writes it; "" is its owner alone
  ObjectLock lock;
  std::string storage_class;   // as asked for; "" for none. All bytes are kept alike.
  Timestamp noncurrent_since;  // when a newer version came; unset while latest
  Encryption encryption;
};

struct Lifecycle;  // objects/lifecycle.h

struct BucketInfo {
  BucketName name;
  std::string account, region;
  Timestamp created;
  Versioning versioning = Versioning::kNever;
  bool object_lock = false;
  DefaultRetention retention = {};
  std::shared_ptr<const Lifecycle> lifecycle = {};  // nullptr: no rules
};

struct PutOptions {
  std::string content_type;
  std::map<std::string, std::string> user_metadata, system_headers;
  std::map<std::string, std::string> tags;
  std::vector<Checksum> checksums;      // already verified by the caller
  std::optional<std::string> if_match;  // ETag; kPreconditionFailed
  bool if_none_match = false;           // If-None-Match: *
  std::optional<std::string> if_none_match_etag;
  std::string owner, acl;  // as in ObjectInfo
  ObjectLock lock;         // what it leaves open, the bucket's default fills
  std::string storage_class;
  Encryption encryption;  // of what the writer with its key has written
  CreatedBy created_by = CreatedBy::kPut;
  Requester requester;
};

// Which version of a key is to go.
struct RemoveRequest {
  ObjectKey key;
  // "" hides the key behind a delete marker where versions are kept; else that version goes for
  // good.
  std::string version_id = {};
  // Conditions on what is there; kPreconditionFailed.
  std::optional<std::string> if_match = {};   // ETag or *
  std::optional<Timestamp> if_modified = {};  // to the second
  std::optional<std::uint64_t> if_size = {};
  std::optional<std::uint64_t> if_sequence = {};  // the version is still the one that was looked at
  bool if_noncurrent = false;                     // the version named is not the current one
  bool bypass_governance = false;
  bool expired = false;  // by a rule of the bucket's lifecycle rather than by a request
  Requester requester = {};
};

// What a removal did.
struct Removed {
  // The version that went or the marker that was made; "" where no versions are kept.
  std::string version_id;
  bool delete_marker = false;  // that version is a delete marker
};

struct UploadInfo {
  std::string upload_id;
  ObjectKey key;
  Timestamp initiated;
  PutOptions options;
  std::optional<ChecksumAlgorithm> checksum_algorithm;
  bool full_object_checksum = false;
};

struct PartInfo {
  int number = 0;
  std::uint64_t size = 0;
  std::string etag;
  Timestamp modified;
  std::vector<Checksum> checksums;
};

struct CompletedPart {
  int number = 0;
  std::string etag;
  std::vector<Checksum> checksums;  // compared with the part's when given
};

}  // namespace clary::objects
