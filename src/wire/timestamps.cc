#include "wire/timestamps.h"

#include <array>
#include <charconv>
#include <chrono>
#include <cmath>
#include <ctime>

#include "base/clock.h"

namespace clary::wire {
namespace {

constexpr double kEarliest = -62167219200.0;
constexpr double kLatest = 253402300800.0;

// A cursor over the digits and marks of a date.
class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}
  bool mark(char wanted) {
    if (at_ >= text_.size() || text_[at_] != wanted) return false;
    ++at_;
    return true;
  }
  // Exactly `count` digits.
  bool digits(int count, int& value) {
    value = 0;
    for (int i = 0; i < count; ++i, ++at_) {
      if (at_ >= text_.size() || text_[at_] < '0' || text_[at_] > '9') return false;
      value = value * 10 + (text_[at_] - '0');
    }
    return true;
  }
  // All digits of a fraction, as a part of one.
  bool fraction(double& value) {
    value = 0;
    double scale = 0.1;
    const std::size_t start = at_;
    for (; at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9'; ++at_, scale /= 10) {
      value += (text_[at_] - '0') * scale;
    }
    return at_ != start;
  }
  std::string_view take(std::size_t count) {
    const std::string_view part = text_.substr(std::min(at_, text_.size()), count);
    at_ += part.size();
    return part;
  }
  bool end() const { return at_ == text_.size(); }

 private:
  std::string_view text_;
  std::size_t at_ = 0;
};

std::optional<double> seconds_of(int year, int month, int day, int hour, int minute, int second) {
  const std::chrono::year_month_day date{std::chrono::year(year),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!date.ok() || hour > 23 || minute > 59 || second > 60) return std::nullopt;
  const auto days = std::chrono::sys_days(date).time_since_epoch().count();
  return static_cast<double>(days) * 86400.0 + hour * 3600.0 + minute * 60.0 + second;
}

std::optional<double> parse_iso8601(std::string_view text) {
  Reader reader(text);
  int year, month, day, hour = 0, minute = 0, second = 0;
  double fraction = 0, offset = 0;
  if (!reader.digits(4, year) || !reader.mark('-') || !reader.digits(2, month) ||
      !reader.mark('-') || !reader.digits(2, day)) {
    return std::nullopt;
  }
  if (!reader.end()) {
    if (!reader.mark('T') && !reader.mark('t') && !reader.mark(' ')) return std::nullopt;
    if (!reader.digits(2, hour) || !reader.mark(':') || !reader.digits(2, minute)) {
      return std::nullopt;
    }
    if (reader.mark(':') && !reader.digits(2, second)) return std::nullopt;
    if (reader.mark('.') && !reader.fraction(fraction)) return std::nullopt;
    const bool plus = reader.mark('+');
    if (plus || reader.mark('-')) {
      int hours, minutes;
      if (!reader.digits(2, hours)) return std::nullopt;
      reader.mark(':');
      if (!reader.digits(2, minutes)) return std::nullopt;
      offset = (plus ? 1 : -1) * (hours * 3600.0 + minutes * 60.0);
    } else if (!reader.mark('Z')) {
      reader.mark('z');
    }
  }
  const auto seconds = seconds_of(year, month, day, hour, minute, second);
  if (!seconds || !reader.end()) return std::nullopt;
  return *seconds + fraction - offset;
}

// Sun, 22 Nov 2026 20:28:40 GMT
std::optional<double> parse_http_date(std::string_view text) {
  constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto comma = text.find(", ");
  if (comma == std::string_view::npos) return std::nullopt;
  Reader reader(text.substr(comma + 2));
  int day, year, hour, minute, second;
  if (!reader.digits(2, day) || !reader.mark(' ')) return std::nullopt;
  const std::string_view name = reader.take(3);
  const auto month = std::find(kMonths.begin(), kMonths.end(), name);
  if (month == kMonths.end() || !reader.mark(' ') || !reader.digits(4, year) || !reader.mark(' ') ||
      !reader.digits(2, hour) || !reader.mark(':') || !reader.digits(2, minute) ||
      !reader.mark(':') || !reader.digits(2, second) || reader.take(4) != " GMT" || !reader.end()) {
    return std::nullopt;
  }
  return seconds_of(year, static_cast<int>(month - kMonths.begin()) + 1, day, hour, minute, second);
}

}  // namespace

bool timestamp_in_range(double seconds) {
  return seconds >= kEarliest && seconds < kLatest;
}

std::optional<double> parse_timestamp(std::string_view text) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc() && end == text.data() + text.size() && !text.empty()) {
    return timestamp_in_range(number) ? std::optional(number) : std::nullopt;
  }
  if (auto seconds = parse_iso8601(text)) return seconds;
  return parse_http_date(text);
}

std::string format_timestamp(double seconds, TimestampFormat format) {
  if (!timestamp_in_range(seconds)) seconds = 0;
  const Timestamp time = from_epoch_seconds(seconds);
  switch (format) {
    case TimestampFormat::kRfc822:
      return http_date(time);
    case TimestampFormat::kUnix: {
      std::string out;
      append_epoch_seconds(out, seconds);
      return out;
    }
    default:
      return time.time_since_epoch().count() % 1000 == 0 ? iso8601(time) : iso8601_ms(time);
  }
}

void append_integer(std::string& out, long long value) {
  std::array<char, 24> buffer;
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value).ptr;
  out.append(buffer.data(), end);
}

void append_epoch_seconds(std::string& out, double seconds) {
  if (!timestamp_in_range(seconds)) seconds = 0;
  const long long total = std::llround(seconds * 1000);
  if (total < 0) out.push_back('-');
  const long long size = std::llabs(total);
  append_integer(out, size / 1000);
  const int rest = static_cast<int>(size % 1000);
  if (rest == 0) return;
  const std::array<char, 4> digits = {'.', static_cast<char>('0' + rest / 100),
                                      static_cast<char>('0' + rest / 10 % 10),
                                      static_cast<char>('0' + rest % 10)};
  out.append(digits.data(), rest % 10 != 0 ? 4 : rest % 100 != 0 ? 3 : 2);
}

void append_double(std::string& out, double value) {
  if (std::isnan(value)) {
    out += "NaN";
  } else if (std::isinf(value)) {
    out += value > 0 ? "Infinity" : "-Infinity";
  } else {
    std::array<char, 32> buffer;
    const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value).ptr;
    const std::string_view text(buffer.data(), end);
    out += text;
    if (text.find_first_of(".e") == std::string_view::npos) out += ".0";
  }
}

}  // namespace clary::wire
