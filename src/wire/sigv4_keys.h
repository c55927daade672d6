// Signing keys kept for reuse: deriving one takes four HMACs and holds for a day.
#pragma once

#include <array>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "wire/sigv4.h"

namespace clary::wire {

// Bounded: a full shard is emptied, since a region or service name is the caller's to invent.
// threads: any; locks one of 16 shards for a look-up.
class SigningKeys {
 public:
  // The key for `secret` and `scope`, derived when it is not at hand.
  SigningKey get(std::string_view secret, const CredentialScope& scope);

 private:
  static constexpr std::size_t kShards = 16, kPerShard = 256;
  struct Entry {
    std::string secret;  // a key id whose secret changed must not find the old key
    SigningKey key;
  };
  struct Shard {
    std::mutex mutex;
    std::unordered_map<std::string, Entry> entries;  // by key id, date, region, service
  };
  std::array<Shard, kShards> shards_;
};

}  // namespace clary::wire
