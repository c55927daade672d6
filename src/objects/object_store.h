// Buckets and objects on this machine's disk. Knows no HTTP and no XML.
//
// Small objects (up to kInlineBytes) live in the metadata database's own file, larger ones as files
// beside it. A put that returned survives kill -9 and power loss; one that did not return leaves
// nothing behind (a file without a row is swept at start).
#pragma once

#include <cstdint>
#include <expected>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/strong.h"
#include "store/database.h"

namespace clary::objects {

inline constexpr std::size_t kInlineBytes = 32 * 1024;

enum class ChecksumAlgorithm { kCrc32, kCrc32c, kCrc64nvme, kSha1, kSha256 };

struct Checksum {
  ChecksumAlgorithm algorithm;
  std::string value;       // Base64, with "-N" for composite ones
  bool composite = false;  // COMPOSITE against FULL_OBJECT
};

struct ObjectInfo {
  ObjectKey key;
  std::uint64_t size = 0;
  std::string etag;  // without quotes
  Timestamp modified;
  std::string content_type;
  std::map<std::string, std::string> user_metadata;   // names without x-amz-meta-
  std::map<std::string, std::string> system_headers;  // Cache-Control, Content-Disposition, ...
  std::vector<Checksum> checksums;
  std::vector<std::uint64_t> part_sizes;  // multipart only
};

struct BucketInfo {
  BucketName name;
  std::string account, region;
  Timestamp created;
};

enum class StoreError {
  kNoSuchBucket,
  kNoSuchKey,
  kNoSuchUpload,
  kBucketExists,
  kBucketOwnedByYou,
  kBucketNotEmpty,
  kInvalidPart,
  kInvalidPartOrder,
  kPartTooSmall,
  kPreconditionFailed
};
template <class T>
using Outcome = std::expected<T, StoreError>;

// Bytes on their way in. owns: its temporary file; dropped without commit, it leaves nothing.
// threads: one at a time, any. blocks.
class ObjectWriter {
 public:
  virtual ~ObjectWriter() = default;
  virtual void write(std::span<const std::byte> bytes) = 0;  // throws StorageError (also: full)
  virtual std::uint64_t size() const = 0;
  // MD5 of all bytes so far, raw; computed as they pass.
  virtual std::array<std::byte, 16> md5() = 0;
};

struct PutOptions {
  std::string content_type;
  std::map<std::string, std::string> user_metadata, system_headers;
  std::vector<Checksum> checksums;      // already verified by the caller
  std::optional<std::string> if_match;  // ETag; kPreconditionFailed
  bool if_none_match = false;           // If-None-Match: *
};

// Bytes on their way out: inline ones in memory, else an open file to send from. The object may be
// overwritten or deleted meanwhile; what is open stays readable.
struct ObjectContent {
  ObjectInfo info;
  std::string inline_bytes;  // when file < 0
  int file = -1;             // owned; closed by the destructor
  ObjectContent() = default;
  ObjectContent(ObjectContent&& other) noexcept;
  ObjectContent& operator=(ObjectContent&& other) noexcept;
  ~ObjectContent();
};

struct ListQuery {
  BucketName bucket;
  std::string prefix, delimiter, start_after;  // start_after exclusive
  std::size_t limit = 1000;
};
struct ListPage {
  std::vector<ObjectInfo> objects;
  std::vector<std::string> common_prefixes;
  bool truncated = false;
  std::string last;  // greatest key or prefix returned
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
  std::vector<Checksum> checksums;
};

// threads: any. blocks: all. errors: StorageError for a broken disk; Outcome for the rest.
class ObjectStore {
 public:
  ObjectStore(std::filesystem::path folder, const Clock& clock);
  ~ObjectStore();

  // Names are global on a server, as on AWS.
  Outcome<void> create_bucket(const BucketInfo& bucket);
  Outcome<void> delete_bucket(const BucketName& bucket);
  Outcome<BucketInfo> bucket(const BucketName& bucket);  // O(1), in memory
  std::vector<BucketInfo> buckets(std::string_view account);

  // `size_hint` lets small objects skip the file. The writer is used by one put or part.
  std::unique_ptr<ObjectWriter> open_writer(std::optional<std::uint64_t> size_hint);
  Outcome<ObjectInfo> put(const BucketName& bucket, const ObjectKey& key, ObjectWriter& writer,
                          PutOptions options);
  Outcome<ObjectInfo> head(const BucketName& bucket, const ObjectKey& key);
  Outcome<ObjectContent> get(const BucketName& bucket, const ObjectKey& key);
  Outcome<ObjectInfo> copy(const BucketName& source, const ObjectKey& source_key,
                           const BucketName& bucket, const ObjectKey& key,
                           std::optional<PutOptions> replace);
  Outcome<void> remove(const BucketName& bucket, const ObjectKey& key);  // absent is fine
  Outcome<void> remove_many(const BucketName& bucket, std::span<const ObjectKey> keys);
  Outcome<ListPage> list(const ListQuery& query);

  Outcome<UploadInfo> create_upload(const BucketName& bucket, UploadInfo upload);
  Outcome<PartInfo> put_part(const BucketName& bucket, const ObjectKey& key,
                             const std::string& upload_id, int number, ObjectWriter& writer,
                             std::vector<Checksum> checksums);
  Outcome<UploadInfo> upload(const BucketName& bucket, const ObjectKey& key,
                             const std::string& upload_id);
  Outcome<std::vector<PartInfo>> parts(const BucketName& bucket, const ObjectKey& key,
                                       const std::string& upload_id, int after, std::size_t limit);
  Outcome<ObjectInfo> complete_upload(const BucketName& bucket, const ObjectKey& key,
                                      const std::string& upload_id,
                                      std::span<const CompletedPart> parts,
                                      std::vector<Checksum> checksums,
                                      const PutOptions& conditions);
  Outcome<void> abort_upload(const BucketName& bucket, const ObjectKey& key,
                             const std::string& upload_id);
  Outcome<std::vector<UploadInfo>> uploads(const BucketName& bucket, std::string_view prefix,
                                           std::string_view after_key,
                                           std::string_view after_upload, std::size_t limit);

  // Sub-resources of a bucket that only are stored and answered (tagging, cors, policy text, ...).
  Outcome<void> set_bucket_config(const BucketName& bucket, std::string_view name,
                                  std::optional<std::string> value);
  Outcome<std::optional<std::string>> bucket_config(const BucketName& bucket,
                                                    std::string_view name);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace clary::objects
