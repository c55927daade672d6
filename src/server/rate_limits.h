// How many requests one principal may send: a token bucket for each principal and service.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <string_view>
#include <unordered_map>

namespace clary::server {

struct RateLimit {
  unsigned per_second = 0;  // 0: no limit
  unsigned burst = 0;       // 0: what two seconds give
};

// threads: any; O(1), one short lock of 64. Memory: at most kMaxBuckets, some 5 MiB; where more
// principals than that are active at once, some start anew with a full bucket.
class RateLimits {
 public:
  static constexpr std::size_t kMaxBuckets = 64 * 1024;

  // `data` is for the services whose requests move data: S3 and the runtimes.
  struct Options {
    RateLimit control, data;
  };
  explicit RateLimits(Options options) : options_(options) {}

  // False: the principal has used up what it may send now. `principal`: for sessions the role's id,
  // so that a new session brings no new bucket.
  bool take(std::string_view principal, std::string_view service,
            std::chrono::steady_clock::time_point now);

 private:
  struct Bucket {
    double tokens = 0;
    std::chrono::steady_clock::time_point at{};
  };
  struct Shard {
    std::mutex mutex;
    std::unordered_map<std::uint64_t, Bucket> buckets;
  };

  const Options options_;
  std::array<Shard, 64> shards_;
};

}  // namespace clary::server
