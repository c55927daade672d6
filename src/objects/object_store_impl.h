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

// Files that lost their row in a change: removed once the change is committed.
struct Doomed {
  std::vector<std::string> files;
  std::vector<std::pair<std::int64_t, std::vector<std::string>>> parts;  // by parts_id
};

// What put, copy and complete write as an object's row.
struct NewObject {
  std::uint64_t size = 0;
  std::string etag;
  const std::string* inline_bytes = nullptr;
  std::string file;
  std::int64_t parts_id = 0;
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
  Outcome<T> change(const std::function<Outcome<T>(store::Connection&, Doomed&)>& change) {
    std::optional<Outcome<T>> outcome;
    Doomed doomed;
    database.write([&](store::Connection& connection) { outcome = change(connection, doomed); });
    remove(doomed);
    return std::move(*outcome);
  }
  void remove(const Doomed& doomed);

  // The parts of a change. Each runs on the writer thread.
  static bool bucket_lives(store::Connection& connection, std::int64_t bucket);
  static std::optional<ObjectRow> find_row(store::Connection& connection, std::int64_t bucket,
                                           const ObjectKey& key);
  static void drop_data(store::Connection& connection, const ObjectRow& row, Doomed& doomed);
  static void drop_parts(store::Connection& connection, std::int64_t upload, Doomed& doomed);
  // Checks bucket and conditions, replaces what was there.
  Outcome<ObjectInfo> place(store::Connection& connection, Doomed& doomed, std::int64_t bucket,
                            const ObjectKey& key, const NewObject& object,
                            const PutOptions& options) const;

  // Commits `object` under the key; `options` become its metadata. Takes over the object's file:
  // it is removed when nothing comes of it.
  Outcome<ObjectInfo> commit(const BucketName& bucket, const ObjectKey& key,
                             const NewObject& object, const PutOptions& options);
  // From the cache, else from its row.
  Outcome<std::shared_ptr<const StoredObject>> load(const BucketName& bucket, const ObjectKey& key);
  Outcome<std::shared_ptr<const StoredObject>> load_row(std::int64_t bucket, const ObjectKey& key);
};

// The smallest text greater than every text that starts with `prefix`.
std::string after_prefix(std::string_view prefix);
std::string hex_etag(const std::array<std::byte, 16>& md5);

}  // namespace clary::objects
