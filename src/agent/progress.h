// How far a transfer is, for people: told about once a second, and only when it takes longer.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "base/clock.h"

namespace clary::agent {

inline constexpr std::chrono::milliseconds kProgressEvery{1000};

// threads: any may count, any may read.
class DownloadProgress {
 public:
  void expect(std::uint64_t bytes, std::size_t objects) {
    bytes_expected_ += bytes;
    objects_expected_ += objects;
  }
  void moved(std::uint64_t bytes) { bytes_ += bytes; }
  void object_done() { ++objects_; }
  // "1.2 of 3.4 GB, 120 of 900 objects"; sizes that nobody told are left out. "" while nothing is
  // known.
  std::string text() const;

 private:
  std::atomic<std::uint64_t> bytes_expected_{0}, bytes_{0};
  std::atomic<std::size_t> objects_expected_{0}, objects_{0};
};

// threads: one.
class UploadProgress {
 public:
  // `total` is asked once, when the transfer has taken long enough to be told of.
  UploadProgress(const Clock& clock, std::function<std::uint64_t()> total,
                 std::function<void(const std::string&)> tell);
  void moved(std::uint64_t bytes);  // may tell: "40 %"

 private:
  const Clock& clock_;
  const std::function<std::uint64_t()> total_;
  const std::function<void(const std::string&)> tell_;
  std::chrono::steady_clock::time_point next_;
  std::optional<std::uint64_t> bytes_expected_;
  std::uint64_t bytes_ = 0;
};

}  // namespace clary::agent
