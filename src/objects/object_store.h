// Buckets and objects on this machine's disk. Knows no HTTP and no XML.
//
// Small objects (up to kInlineBytes) live in the metadata database's own file, larger ones as files
// beside it. A put that returned survives kill -9 and power loss; one that did not return leaves
// nothing behind (a file without a row is swept at start).
#pragma once

#include <array>
#include <cstddef>
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
#include "objects/event_queue.h"
#include "objects/object_content.h"
#include "objects/object_events.h"
#include "objects/object_info.h"

namespace clary::objects {

inline constexpr std::size_t kInlineBytes = 32 * 1024;
// Every part of a multipart upload but the last has at least this many bytes.
inline constexpr std::uint64_t kMinPartBytes = 5 << 20;

class Scrubber;  // scrub.h
struct ScrubOptions;

enum class StoreError {
  kNoSuchBucket,
  kNoSuchKey,
  kNoSuchVersion,
  kDeleteMarker,  // the version named is a delete marker
  kNoSuchUpload,
  kBucketExists,
  kBucketOwnedByYou,
  kBucketNotEmpty,
  kInvalidPart,
  kInvalidPartOrder,
  kPartTooSmall,
  kPreconditionFailed,
  kLocked,              // retention or a legal hold forbids it
  kObjectLockDisabled,  // the bucket has no object lock
  kInvalidBucketState   // versions of a bucket with object lock cannot be suspended
};
template <class T>
using Outcome = std::expected<T, StoreError>;

// Bytes on their way in. owns: its file; dropped without a put, it leaves nothing.
// threads: one at a time, any. blocks.
class ObjectWriter {
 public:
  virtual ~ObjectWriter() = default;
  virtual void write(std::span<const std::byte> bytes) = 0;  // throws StorageError (also: full)
  virtual std::uint64_t size() const = 0;
  // MD5 of all bytes, raw; computed as they pass. Nothing may be written after it.
  virtual std::array<std::byte, 16> md5() = 0;
};

struct ListQuery {
  BucketName bucket;
  std::string prefix, delimiter, start_after;  // start_after exclusive
  std::size_t limit = 1000;
};
struct ListPage {
  std::vector<ObjectInfo>
      objects;  // key, size, etag, modified, storage class, checksums and owner only
  std::vector<std::string> common_prefixes;
  bool truncated = false;
  std::string last;  // greatest key or prefix returned
};

// Every version and delete marker: by key, the newest first.
struct VersionsQuery {
  BucketName bucket;
  std::string prefix, delimiter;
  // Where the page before ended: without a version, behind all of the key.
  std::string after_key, after_version;
  std::size_t limit = 1000;
};
struct VersionsPage {
  // As in a ListPage, and version, sequence, lock, tags, storage class, latest, noncurrent_since.
  std::vector<ObjectInfo> versions;
  std::vector<std::string> common_prefixes;
  bool truncated = false;
  std::string last_key, last_version;  // what was returned last; no version behind a prefix
};

// threads: any. blocks: all but cached(). errors: StorageError for a broken disk; Outcome for the
// rest. order: destroyed after every writer and content it gave out.
class ObjectStore {
 public:
  ObjectStore(std::filesystem::path folder, const Clock& clock);
  ~ObjectStore();

  // Told of every change of an object. Set before the store is used by others.
  void observe(ObjectEvents* events);
  // Where an observer keeps messages, in the file of the objects.
  EventQueue& event_queue();

  // Names are global on a server, as on AWS. A bucket with object lock keeps versions.
  Outcome<void> create_bucket(const BucketInfo& bucket);
  Outcome<void> delete_bucket(const BucketName& bucket);
  Outcome<BucketInfo> bucket(const BucketName& bucket);       // O(1), in memory: does not block
  std::vector<BucketInfo> buckets(std::string_view account);  // by name
  std::vector<BucketInfo> all_buckets();
  Outcome<void> set_versioning(const BucketName& bucket, Versioning versioning);
  // Enables object lock, for good; needs a bucket that keeps versions (kInvalidBucketState).
  Outcome<void> set_object_lock(const BucketName& bucket, const DefaultRetention& retention);
  // As read_lifecycle() takes it; nullopt for no rules. bucket_config() gives it back.
  Outcome<void> set_lifecycle(const BucketName& bucket, std::optional<std::string> rules);

  // `size_hint` lets small objects skip the file. The writer is used by one put or part.
  // With a key, what it stores is encrypted: the options of that put then say how to find the key
  // again (PutOptions::encryption), for a part those of the upload.
  std::unique_ptr<ObjectWriter> open_writer(std::optional<std::uint64_t> size_hint,
                                            std::optional<WriteKey> key = {});
  Outcome<ObjectInfo> put(const BucketName& bucket, const ObjectKey& key, ObjectWriter& writer,
                          PutOptions options);
  // `version_id` "" is the current version here and below. kNoSuchKey when there is none, which a
  // delete marker may hide; kNoSuchVersion, kDeleteMarker.
  Outcome<std::shared_ptr<const ObjectInfo>> head(const BucketName& bucket, const ObjectKey& key,
                                                  std::string_view version_id = {});
  Outcome<ObjectContent> get(const BucketName& bucket, const ObjectKey& key,
                             std::string_view version_id = {});
  // Also of a delete marker: the version named, or else the newest, whatever it is.
  Outcome<ObjectInfo> describe(const BucketName& bucket, const ObjectKey& key,
                               std::string_view version_id = {});
  // A small object that was read lately, without touching the disk. Does not block: may be called
  // where get() may not.
  std::optional<ObjectContent> cached(const BucketName& bucket, const ObjectKey& key);
  // The same for metadata, of objects of any size; nullptr when it is not at hand.
  std::shared_ptr<const ObjectInfo> cached_head(const BucketName& bucket, const ObjectKey& key);
  // `replace` unset: content type, metadata, headers and tags of the source. `checksums` unset:
  // the source's, as far as they are of the whole object. `source_etag`, when set:
  // kPreconditionFailed if the source is another object by now.
  struct CopyRequest {
    BucketName source_bucket;
    ObjectKey source_key;
    BucketName bucket;
    ObjectKey key;
    std::optional<PutOptions> replace;
    std::optional<std::vector<Checksum>> checksums;
    std::string source_etag;
    std::string owner = {}, acl = {};  // of the copy: neither comes from the source
    std::string source_version = {};   // "": the current one
    // Count whether or not the metadata is replaced: conditions, lock, storage class, requester,
    // encryption.
    PutOptions target = {};
    // What opens an encrypted source, and what its row said then: kPreconditionFailed if it says
    // something else by now.
    std::optional<keys::SecretKey> unlock = {};
    Encryption source_encryption = {};
    // What the copy is encrypted with. `same_key`: it is the source's key, so that the copy may
    // share the source's file.
    std::optional<WriteKey> write = {};
    bool same_key = false;
  };
  Outcome<ObjectInfo> copy(const CopyRequest& request);
  // Absent is fine, unless a condition asks for it. kLocked.
  Outcome<Removed> remove(const BucketName& bucket, const RemoveRequest& request);
  // One commit; each request has its own outcome.
  Outcome<std::vector<Outcome<Removed>>> remove_many(const BucketName& bucket,
                                                     std::span<const RemoveRequest> requests);
  // These answer the version they changed.
  struct VersionName {
    ObjectKey key;
    std::string version_id;  // "": the current one
    Requester requester = {};
  };
  Outcome<ObjectInfo> set_tags(const BucketName& bucket, const VersionName& version,
                               const std::map<std::string, std::string>& tags);
  Outcome<ObjectInfo> set_acl(const BucketName& bucket, const VersionName& version,
                              const std::string& acl);
  // Only the lock's mode and time count; LockMode::kNone lifts a retention. A retention that runs
  // is only ever prolonged, unless it is governance and `bypass_governance`.
  Outcome<ObjectInfo> set_retention(const BucketName& bucket, const VersionName& version,
                                    const ObjectLock& lock, bool bypass_governance);
  Outcome<ObjectInfo> set_legal_hold(const BucketName& bucket, const VersionName& version,
                                     bool legal_hold);
  Outcome<ListPage> list(const ListQuery& query);
  Outcome<VersionsPage> list_versions(const VersionsQuery& query);
  // The parts of a completed multipart object, with number > `after`; empty for others.
  Outcome<std::vector<PartInfo>> object_parts(const BucketName& bucket, const ObjectKey& key,
                                              std::string_view version_id, int after,
                                              std::size_t limit);

  Outcome<UploadInfo> create_upload(const BucketName& bucket, UploadInfo upload);
  Outcome<PartInfo> put_part(const BucketName& bucket, const ObjectKey& key,
                             const std::string& upload_id, int number, ObjectWriter& writer,
                             std::vector<Checksum> checksums);
  Outcome<UploadInfo> upload(const BucketName& bucket, const ObjectKey& key,
                             const std::string& upload_id);
  Outcome<std::vector<PartInfo>> parts(const BucketName& bucket, const ObjectKey& key,
                                       const std::string& upload_id, int after, std::size_t limit);
  // Only the conditions of `conditions` count; the rest was given to create_upload. Repeated after
  // it was done, it answers the same again.
  struct CompleteRequest {
    std::string upload_id;
    std::vector<CompletedPart> parts;
    std::vector<Checksum> checksums;  // of the whole object
    PutOptions conditions;
  };
  Outcome<ObjectInfo> complete_upload(const BucketName& bucket, const ObjectKey& key,
                                      const CompleteRequest& request);
  Outcome<void> abort_upload(const BucketName& bucket, const ObjectKey& key,
                             const std::string& upload_id);
  // By key, then by age. `after_upload` is an upload of `after_key` or empty (then all of that key
  // are left out).
  Outcome<std::vector<UploadInfo>> uploads(const BucketName& bucket, std::string_view prefix,
                                           std::string_view after_key,
                                           std::string_view after_upload, std::size_t limit);

  // Sub-resources of a bucket that only are stored and answered (tagging, cors, policy text, ...).
  Outcome<void> set_bucket_config(const BucketName& bucket, std::string_view name,
                                  std::optional<std::string> value);
  Outcome<std::optional<std::string>> bucket_config(const BucketName& bucket,
                                                    std::string_view name);

  // Goes through this store; not started yet. order: destroyed before the store.
  std::unique_ptr<Scrubber> scrubber(const ScrubOptions& options);

  // Waits until the sweep that runs after start is through; for tests.
  void wait_for_sweep();

  struct Impl;  // public to the files of this folder only

 private:
  std::unique_ptr<Impl> impl_;
};

}  // namespace clary::objects
