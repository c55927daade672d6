// The objects read last: their metadata and, for small ones, their bytes.
#pragma once

#include <array>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "objects/object_content.h"

namespace clary::objects {

// The plain bytes of a small encrypted object, once somebody had the key. threads: any.
class OpenedBytes {
 public:
  std::shared_ptr<const std::string> get() const {
    std::scoped_lock lock(mutex_);
    return bytes_;
  }
  void set(std::shared_ptr<const std::string> bytes) {
    std::scoped_lock lock(mutex_);
    bytes_ = std::move(bytes);
  }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const std::string> bytes_;
};

// Where an object's bytes are, as its row says.
struct StoredObject {
  std::shared_ptr<const ObjectInfo> info;
  std::shared_ptr<const std::string> bytes;  // inline, as they stand in the row; else the files
  mutable OpenedBytes opened;
  std::vector<DataFile> files;
  std::int64_t parts_id = 0;                      // of a multipart object; else 0
  std::optional<std::uint64_t> at_rest_crc = {};  // as in ObjectRow
};

// threads: any. As store::DocumentCache: a reader takes `stamp` before it reads the row and gives
// it to put(), which drops what an invalidate() in between has made stale.
class ObjectCache {
 public:
  explicit ObjectCache(std::size_t limit_bytes) : shard_limit_(limit_bytes / kShards) {}
  struct Found {
    std::shared_ptr<const StoredObject> object;
    std::uint64_t stamp = 0;
  };
  Found find(const BucketName& bucket, const ObjectKey& key);
  void put(const BucketName& bucket, const ObjectKey& key,
           std::shared_ptr<const StoredObject> object, std::uint64_t stamp);
  void invalidate(const BucketName& bucket, const ObjectKey& key);

 private:
  struct Entry {
    std::string name;
    std::shared_ptr<const StoredObject> object;
    std::size_t bytes = 0;
  };
  struct Shard {
    std::mutex mutex;
    std::list<Entry> recent;  // most recent first
    std::unordered_map<std::string_view, std::list<Entry>::iterator> entries;
    std::size_t bytes = 0;
    std::uint64_t stamp = 0;
  };
  static constexpr std::size_t kShards = 16;
  Shard& shard_of(const std::string& name) {
    return shards_[std::hash<std::string>()(name) % kShards];
  }
  static void drop(Shard& shard, std::list<Entry>::iterator entry);

  const std::size_t shard_limit_;
  std::array<Shard, kShards> shards_;
};

}  // namespace clary::objects
