// What is known of a bucket, an object, an upload and its parts.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/strong.h"

namespace clary::objects {

enum class ChecksumAlgorithm { kCrc32, kCrc32c, kCrc64nvme, kSha1, kSha256 };

struct Checksum {
  ChecksumAlgorithm algorithm = ChecksumAlgorithm::kCrc32;
  std::string value;       // Base64, with "-N" for composite ones
  bool composite = false;  // COMPOSITE against FULL_OBJECT
  friend bool operator==(const Checksum&, const Checksum&) = default;
};

struct ObjectInfo {
  ObjectKey key;
  std::string version_id = "null";  // as S3 names the version of a bucket that has no versioning
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
};

struct BucketInfo {
  BucketName name;
  std::string account, region;
  Timestamp created;
};

struct PutOptions {
  std::string content_type;
  std::map<std::string, std::string> user_metadata, system_headers;
  std::map<std::string, std::string> tags;
  std::vector<Checksum> checksums;      // already verified by the caller
  std::optional<std::string> if_match;  // ETag; kPreconditionFailed
  bool if_none_match = false;           // If-None-Match: *
  std::string owner, acl;               // as in ObjectInfo
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
