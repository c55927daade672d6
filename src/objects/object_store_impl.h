// What the files of ObjectStore share. Included by them only.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <string>
#include <thread>
#include <vector>

#include "objects/data_folder.h"
#include "objects/disk_reserve.h"
#include "objects/file_writer.h"
#include "objects/object_cache.h"
#include "objects/object_rows.h"
#include "objects/object_store.h"
#include "store/database.h"

namespace clary::objects {

// What a change leaves to be done once it is committed: files that lost their row are removed,
// readers stop seeing what was, observers are told.
struct Doomed {
  BucketName bucket;
  std::vector<std::string> files;
  std::vector<std::pair<std::int64_t, std::vector<std::string>>> parts;  // by parts_id
  std::vector<ObjectEvent> events;
};

// What a bucket's row says about versions, as the change sees it.
struct BucketState {
  Versioning versioning = Versioning::kNever;
  bool object_lock = false;
  DefaultRetention retention;
};

// What put, copy and complete write as an object's row.
struct NewObject {
  std::uint64_t size = 0;
  std::string etag;
  const std::string* inline_bytes = nullptr;
  std::string file;
  std::int64_t parts_id = 0;
  std::optional<std::uint64_t> at_rest_crc = {};
};

struct ObjectStore::Impl {
  struct Bucket {
    std::int64_t id = 0;
    BucketInfo info;
  };

  const Clock& clock;
  DataFolder data;
  DataPins pins{data};
  store::Database database;
  DiskReserve reserve;
  ObjectCache cache{std::size_t{128} << 20};
  std::shared_mutex buckets_mutex;
  std::map<std::string, Bucket, std::less<>> buckets;
  std::mutex bucket_changes;
  std::uint64_t last_sequence = 0;  // writer thread only
  EventQueue event_queue{database};
  ObjectEvents* observer = nullptr;
  std::atomic<bool> stopping = false;
  std::thread sweeper;

  Impl(const std::filesystem::path& folder, const Clock& time);
  ~Impl();

  void load_buckets();
  void sweep();
  std::optional<std::int64_t> bucket_id(const BucketName& bucket);

  // Runs `change` as a database change; it answers with an outcome. Whatever it dooms is removed
  // after the commit; an error outcome must come before any row is touched.
  template <class T>
  Outcome<T> change(const BucketName& bucket,
                    const std::function<Outcome<T>(store::Connection&, Doomed&)>& change) {
    std::optional<Outcome<T>> outcome;
    Doomed doomed;
    doomed.bucket = bucket;
    database.write([&](store::Connection& connection) {
      outcome = change(connection, doomed);
      record(connection, doomed);
    });
    finish(doomed);
    return std::move(*outcome);
  }
  void record(store::Connection& connection, const Doomed& doomed);
  void finish(const Doomed& doomed);

  // Changes a bucket's row by `edit`, then what readers see of it by `show`.
  Outcome<void> change_bucket(const BucketName& bucket,
                              const std::function<Outcome<void>(store::Connection&, std::int64_t,
                                                                const BucketState&)>& edit,
                              const std::function<void(BucketInfo&)>& show);

  // The parts of a change. Each runs on the writer thread.
  static std::optional<BucketState> bucket_state(store::Connection& connection,
                                                 std::int64_t bucket);
  // The current version, or the one named, which may be a delete marker.
  static std::optional<ObjectRow> find_row(store::Connection& connection, std::int64_t bucket,
                                           const ObjectKey& key, std::string_view version_id = {});
  // Of those that are not current; a delete marker when that is what hides the key.
  static std::optional<ObjectRow> newest_old(store::Connection& connection, std::int64_t bucket,
                                             const ObjectKey& key);
  static void delete_row(store::Connection& connection, std::int64_t bucket, const ObjectRow& row,
                         Doomed& doomed);
  // Greater than that of every version of the key, and of every other given out so far.
  std::uint64_t next_sequence(store::Connection& connection, std::int64_t bucket,
                              const ObjectKey& key, const std::optional<ObjectRow>& current);
  // Makes room for a new newest version: what is current gets old, or goes when it is the null
  // version and the new one is too. Answers the new version's id.
  std::string supersede(store::Connection& connection, Doomed& doomed, std::int64_t bucket,
                        const ObjectKey& key, Versioning versioning,
                        const std::optional<ObjectRow>& current, std::uint64_t sequence) const;
  void note(Doomed& doomed, const ObjectInfo& info, ObjectEventKind kind, std::uint64_t sequencer,
            const Requester& requester) const;
  static void drop_parts(store::Connection& connection, std::int64_t upload, Doomed& doomed);
  // Checks bucket and conditions, replaces what was there.
  Outcome<ObjectInfo> place(store::Connection& connection, Doomed& doomed, std::int64_t bucket,
                            const ObjectKey& key, const NewObject& object,
                            const PutOptions& options);
  Outcome<Removed> remove_one(store::Connection& connection, Doomed& doomed, std::int64_t bucket,
                              Versioning versioning, const RemoveRequest& request);
  Outcome<Removed> remove_version(store::Connection& connection, Doomed& doomed,
                                  std::int64_t bucket, const RemoveRequest& request);
  // Runs `edit` on the version named, which is not a delete marker; what it answers is the kind of
  // event, or an error.
  using Edit =
      std::function<Outcome<ObjectEventKind>(store::Connection&, std::int64_t, ObjectRow&)>;
  Outcome<ObjectInfo> edit_version(const BucketName& bucket, const VersionName& version,
                                   const Edit& edit);

  // Commits `object` under the key; `options` become its metadata. Takes over the object's file:
  // it is removed when nothing comes of it.
  Outcome<ObjectInfo> commit(const BucketName& bucket, const ObjectKey& key,
                             const NewObject& object, const PutOptions& options);
  // A copy that shares its source's file; nullopt when it has not just one, or the file system
  // cannot.
  std::optional<Outcome<ObjectInfo>> link(const CopyRequest& request, const ObjectContent& source,
                                          const PutOptions& options);
  // From the cache, else from its row.
  Outcome<std::shared_ptr<const StoredObject>> load(const BucketName& bucket, const ObjectKey& key,
                                                    std::string_view version_id = {});
  Outcome<std::shared_ptr<const StoredObject>> load_row(std::int64_t bucket, const ObjectKey& key,
                                                        std::string_view version_id);
};

// The smallest text greater than every text that starts with `prefix`.
std::string after_prefix(std::string_view prefix);
// The common prefix that `key` is rolled up into; "" when it stands for itself.
std::string_view rolled_up(std::string_view prefix, std::string_view delimiter,
                           std::string_view key);
// Where a listing starts that goes on behind `start_after`, a key or a common prefix.
std::string first_key(std::string_view prefix, std::string_view delimiter,
                      std::string_view start_after);
bool same_etag(std::string_view a, std::string_view b);  // quotes do not count
std::string hex_etag(const std::array<std::byte, 16>& md5);

}  // namespace clary::objects
