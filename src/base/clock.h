// Time as the rest of the program sees it: a clock that tests can move, and one time type.
#pragma once

#include <atomic>
#include <chrono>
#include <string>

namespace clary {

// Wall time in milliseconds, what AWS's timestamps are rounded to.
using Timestamp = std::chrono::sys_time<std::chrono::milliseconds>;

// threads: every member of every clock may be called from any thread.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual Timestamp now() const = 0;
  // Never goes back; for durations and deadlines.
  virtual std::chrono::steady_clock::time_point steady_now() const = 0;
};

class SystemClock final : public Clock {
 public:
  Timestamp now() const override;
  std::chrono::steady_clock::time_point steady_now() const override;
};

// Stands still until advanced.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(Timestamp start) : now_ms_(start.time_since_epoch().count()) {}
  Timestamp now() const override;
  std::chrono::steady_clock::time_point steady_now() const override;
  void advance(std::chrono::milliseconds by) { now_ms_ += by.count(); }

 private:
  std::atomic<std::int64_t> now_ms_;
};

// Seconds since the epoch with a millisecond fraction: how documents and AWS JSON carry times.
double epoch_seconds(Timestamp time);
Timestamp from_epoch_seconds(double seconds);

// 2026-11-22T20:28:40Z and, with milliseconds, 2026-11-22T20:28:40.123Z (ISO 8601, UTC).
std::string iso8601(Timestamp time);
std::string iso8601_ms(Timestamp time);
// 20261122T202840Z, SigV4's form.
std::string iso8601_basic(Timestamp time);
// Sun, 22 Nov 2026 20:28:40 GMT (RFC 9110's IMF-fixdate).
std::string http_date(Timestamp time);

}  // namespace clary
