// The objects read last: their metadata and, for small ones, their bytes.
#pragma once

#include <array>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "objects/object_content.h"

namespace clary::objects {

// Where an object's bytes are, as its row says.
struct StoredObject {
  std::shared_ptr<const ObjectInfo> info;
  std::shared_ptr<const std::string> bytes;  // inline; else the files
  std::vector<DataFile> files;
  std::int64_t parts_id = 0;  // of a multipart object; else 0
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
