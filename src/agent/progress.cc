#include "agent/progress.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/byte_text.h"

namespace clary::agent {

std::string DownloadProgress::text() const {
  const std::uint64_t bytes = bytes_, expected = bytes_expected_;
  const std::size_t objects = objects_, all_objects = objects_expected_;
  if (bytes == 0 && all_objects == 0) return {};
  std::string text =
      expected >= bytes && expected > 0 ? bytes_of_text(bytes, expected) : bytes_text(bytes);
  if (all_objects > 0) text += fmt::format(", {} of {} objects", objects, all_objects);
  return text;
}

UploadProgress::UploadProgress(const Clock& clock, std::function<std::uint64_t()> total,
                               std::function<void(const std::string&)> tell)
    : clock_(clock),
      total_(std::move(total)),
      tell_(std::move(tell)),
      next_(clock.steady_now() + kProgressEvery) {}

void UploadProgress::moved(std::uint64_t bytes) {
  bytes_ += bytes;
  const auto now = clock_.steady_now();
  if (now < next_) return;
  next_ = now + kProgressEvery;
  if (!bytes_expected_) bytes_expected_ = total_();
  if (*bytes_expected_ == 0) return;
  // Headers of archives and what was sent twice count too: the end is told by the next status.
  const double done = static_cast<double>(bytes_) / static_cast<double>(*bytes_expected_);
  tell_(fmt::format("{} %", std::min(99, static_cast<int>(100 * done))));
}

}  // namespace clary::agent
