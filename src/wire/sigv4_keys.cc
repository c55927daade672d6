#include "wire/sigv4_keys.h"

namespace clary::wire {

SigningKey SigningKeys::get(std::string_view secret, const CredentialScope& scope) {
  thread_local std::string name;
  name.assign(scope.access_key_id);
  for (const std::string* part : {&scope.date, &scope.region, &scope.service}) {
    name.append("/").append(*part);
  }
  Shard& shard = shards_[std::hash<std::string>()(name) % kShards];
  {
    const std::lock_guard lock(shard.mutex);
    const auto found = shard.entries.find(name);
    if (found != shard.entries.end() && equals_constant_time(found->second.secret, secret)) {
      return found->second.key;
    }
  }
  const SigningKey key = signing_key(secret, scope);
  const std::lock_guard lock(shard.mutex);
  if (shard.entries.size() >= kPerShard) shard.entries.clear();
  shard.entries.insert_or_assign(name, Entry{.secret = std::string(secret), .key = key});
  return key;
}

}  // namespace clary::wire
