#include "server/rate_limits.h"

#include <algorithm>
#include <functional>

namespace clary::server {
namespace {

bool moves_data(std::string_view service) {
  return service == "s3" || service == "sagemaker-runtime" || service == "sagemaker-metrics" ||
         service == "sagemaker-featurestore-runtime";
}

}  // namespace

bool RateLimits::take(std::string_view principal, std::string_view service,
                      std::chrono::steady_clock::time_point now) {
  const RateLimit& limit = moves_data(service) ? options_.data : options_.control;
  if (limit.per_second == 0) return true;
  const double rate = limit.per_second;
  const double full = limit.burst > 0 ? limit.burst : 2 * rate;
  const std::hash<std::string_view> hash;
  const std::uint64_t id = hash(principal) * 0x9e3779b97f4a7c15ULL ^ hash(service);
  Shard& shard = shards_[(id >> 32) % shards_.size()];
  const std::lock_guard lock(shard.mutex);
  const auto level = [&](const Bucket& bucket) {
    const double seconds = std::chrono::duration<double>(now - bucket.at).count();
    return std::min(full, bucket.tokens + std::max(0.0, seconds) * rate);
  };
  auto found = shard.buckets.find(id);
  if (found == shard.buckets.end()) {
    if (shard.buckets.size() >= kMaxBuckets / shards_.size()) {
      // A full bucket says nothing that a new one would not.
      std::erase_if(shard.buckets, [&](const auto& entry) { return level(entry.second) >= full; });
      if (shard.buckets.size() >= kMaxBuckets / shards_.size()) shard.buckets.clear();
    }
    found = shard.buckets.emplace(id, Bucket{.tokens = full, .at = now}).first;
  }
  Bucket& bucket = found->second;
  bucket.tokens = level(bucket);
  bucket.at = now;
  if (bucket.tokens < 1) return false;
  bucket.tokens -= 1;
  return true;
}

}  // namespace clary::server
