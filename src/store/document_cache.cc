#include "store/document_cache.h"

#include <string_view>

namespace clary::store {

std::size_t DocumentCache::Hash::operator()(const DocumentKey& key) const {
  const std::hash<std::string> hash;
  // Kind and name tell nearly all documents apart.
  return hash(key.name) * 31 + hash(key.kind);
}

DocumentCache::Found DocumentCache::find(const DocumentKey& key) {
  auto& shard = shard_of(key);
  std::scoped_lock lock(shard.mutex);
  const auto found = shard.entries.find(key);
  if (found == shard.entries.end()) return {nullptr, shard.stamp};
  shard.recent.splice(shard.recent.begin(), shard.recent, found->second);
  return {found->second->document, shard.stamp};
}

void DocumentCache::put(std::shared_ptr<const Document> document, std::size_t bytes,
                        std::uint64_t stamp) {
  auto& shard = shard_of(document->key);
  if (bytes > shard_limit_) return;
  std::scoped_lock lock(shard.mutex);
  if (shard.stamp != stamp) return;
  if (const auto old = shard.entries.find(document->key); old != shard.entries.end()) {
    drop(shard, old->second);
  }
  shard.recent.push_front({std::move(document), bytes});
  shard.entries.emplace(shard.recent.front().document->key, shard.recent.begin());
  shard.bytes += bytes;
  while (shard.bytes > shard_limit_) drop(shard, std::prev(shard.recent.end()));
}

DocumentCache::Stamps DocumentCache::stamps() {
  Stamps stamps{};
  for (std::size_t i = 0; i < kShards; ++i) {
    std::scoped_lock lock(shards_[i].mutex);
    stamps[i] = shards_[i].stamp;
  }
  return stamps;
}

void DocumentCache::put(std::shared_ptr<const Document> document, std::size_t bytes,
                        const Stamps& stamps) {
  const std::uint64_t stamp = stamps[place_of(document->key)];
  put(std::move(document), bytes, stamp);
}

void DocumentCache::invalidate(const DocumentKey& key) {
  auto& shard = shard_of(key);
  std::scoped_lock lock(shard.mutex);
  ++shard.stamp;
  if (const auto old = shard.entries.find(key); old != shard.entries.end()) {
    drop(shard, old->second);
  }
}

void DocumentCache::drop(Shard& shard, std::list<Entry>::iterator entry) {
  shard.bytes -= entry->bytes;
  shard.entries.erase(entry->document->key);
  shard.recent.erase(entry);
}

}  // namespace clary::store
