#include "base/clock.h"

#include <time.h>

#include <array>
#include <cmath>
#include <cstdio>

namespace clary {
namespace {

struct tm utc(Timestamp time) {
  const std::time_t seconds =
      std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
  struct tm parts{};
  gmtime_r(&seconds, &parts);
  return parts;
}

std::string format(Timestamp time, const char* pattern) {
  const struct tm parts = utc(time);
  std::array<char, 64> text{};
  const std::size_t length = strftime(text.data(), text.size(), pattern, &parts);
  return std::string(text.data(), length);
}

}  // namespace

Timestamp SystemClock::now() const {
  return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
}

std::chrono::steady_clock::time_point SystemClock::steady_now() const {
  return std::chrono::steady_clock::now();
}

Timestamp ManualClock::now() const {
  return Timestamp(std::chrono::milliseconds(now_ms_));
}

std::chrono::steady_clock::time_point ManualClock::steady_now() const {
  return std::chrono::steady_clock::time_point(std::chrono::milliseconds(now_ms_));
}

double epoch_seconds(Timestamp time) {
  return static_cast<double>(time.time_since_epoch().count()) / 1000.0;
}

Timestamp from_epoch_seconds(double seconds) {
  return Timestamp(std::chrono::milliseconds(std::llround(seconds * 1000.0)));
}

std::string iso8601(Timestamp time) {
  return format(time, "%Y-%m-%dT%H:%M:%SZ");
}

std::string iso8601_ms(Timestamp time) {
  const auto whole = std::chrono::floor<std::chrono::seconds>(time);
  std::array<char, 8> fraction{};
  std::snprintf(fraction.data(), fraction.size(), ".%03dZ",
                static_cast<int>((time - whole).count()));
  return format(time, "%Y-%m-%dT%H:%M:%S") + fraction.data();
}

std::string iso8601_basic(Timestamp time) {
  return format(time, "%Y%m%dT%H%M%SZ");
}

std::string http_date(Timestamp time) {
  return format(time, "%a, %d %b %Y %H:%M:%S GMT");
}

}  // namespace clary
