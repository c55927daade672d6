#include "objects/object_cache.h"

namespace clary::objects {
namespace {

// A bucket's name has no slash.
std::string name_of(const BucketName& bucket, const ObjectKey& key) {
  return bucket.str() + "/" + key.str();
}

std::size_t bytes_of(const std::string& name, const StoredObject& object) {
  std::size_t bytes = 600 + 2 * name.size() + object.files.size() * 64;
  // Encrypted ones will be there twice.
  if (object.bytes) bytes += object.bytes->size() * (object.info->encryption.on() ? 2 : 1);
  bytes += object.info->encryption.object_key.size() + object.info->encryption.kms_sealed.size();
  for (const auto& [key, value] : object.info->user_metadata) bytes += key.size() + value.size();
  return bytes;
}

}  // namespace

ObjectCache::Found ObjectCache::find(const BucketName& bucket, const ObjectKey& key) {
  const auto name = name_of(bucket, key);
  auto& shard = shard_of(name);
  std::scoped_lock lock(shard.mutex);
  const auto found = shard.entries.find(name);
  if (found == shard.entries.end()) return {nullptr, shard.stamp};
  shard.recent.splice(shard.recent.begin(), shard.recent, found->second);
  return {found->second->object, shard.stamp};
}

void ObjectCache::put(const BucketName& bucket, const ObjectKey& key,
                      std::shared_ptr<const StoredObject> object, std::uint64_t stamp) {
  auto name = name_of(bucket, key);
  auto& shard = shard_of(name);
  const auto bytes = bytes_of(name, *object);
  if (bytes > shard_limit_) return;
  std::scoped_lock lock(shard.mutex);
  if (shard.stamp != stamp) return;
  if (const auto old = shard.entries.find(name); old != shard.entries.end()) {
    drop(shard, old->second);
  }
  shard.recent.push_front({std::move(name), std::move(object), bytes});
  shard.entries.emplace(shard.recent.front().name, shard.recent.begin());
  shard.bytes += bytes;
  while (shard.bytes > shard_limit_) drop(shard, std::prev(shard.recent.end()));
}

void ObjectCache::invalidate(const BucketName& bucket, const ObjectKey& key) {
  const auto name = name_of(bucket, key);
  auto& shard = shard_of(name);
  std::scoped_lock lock(shard.mutex);
  ++shard.stamp;
  if (const auto old = shard.entries.find(name); old != shard.entries.end()) {
    drop(shard, old->second);
  }
}

void ObjectCache::drop(Shard& shard, std::list<Entry>::iterator entry) {
  shard.bytes -= entry->bytes;
  shard.entries.erase(entry->name);
  shard.recent.erase(entry);
}

}  // namespace clary::objects
