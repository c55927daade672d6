// The documents read last, parsed and shared: what makes Describe cheap.
#pragma once

#include <array>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <unordered_map>

#include "store/documents.h"

namespace clary::store {

// Bounded by the bytes of the stored text; the least recently used leaves first.
// threads: any. A reader takes `stamp` before it reads the database and gives it to put(), which
// drops what an invalidate() in between has made stale.
class DocumentCache {
  static constexpr std::size_t kShards = 16;

 public:
  explicit DocumentCache(std::size_t limit_bytes) : shard_limit_(limit_bytes / kShards) {}

  struct Found {
    std::shared_ptr<const Document> document;  // nullptr: not here
    std::uint64_t stamp = 0;
  };
  Found find(const DocumentKey& key);
  void put(std::shared_ptr<const Document> document, std::size_t bytes, std::uint64_t stamp);
  // The same for a reader that does not know yet what it will read.
  using Stamps = std::array<std::uint64_t, kShards>;
  Stamps stamps();
  void put(std::shared_ptr<const Document> document, std::size_t bytes, const Stamps& stamps);
  void invalidate(const DocumentKey& key);

 private:
  struct Hash {
    std::size_t operator()(const DocumentKey& key) const;
  };
  struct Entry {
    std::shared_ptr<const Document> document;
    std::size_t bytes = 0;
  };
  struct Shard {
    std::mutex mutex;
    std::list<Entry> recent;  // most recent first
    std::unordered_map<DocumentKey, std::list<Entry>::iterator, Hash> entries;
    std::size_t bytes = 0;
    std::uint64_t stamp = 0;  // counts invalidations
  };
  static std::size_t place_of(const DocumentKey& key) { return Hash()(key) % kShards; }
  Shard& shard_of(const DocumentKey& key) { return shards_[place_of(key)]; }
  static void drop(Shard& shard, std::list<Entry>::iterator entry);

  const std::size_t shard_limit_;
  std::array<Shard, kShards> shards_;
};

}  // namespace clary::store
