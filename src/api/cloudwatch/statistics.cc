#include "api/cloudwatch/statistics.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace clary::api::cloudwatch {
namespace {

// Nearest rank over weighted values.
std::optional<double> percentile_of(const store::MetricBucket& bucket, double percentile) {
  auto values = bucket.values;
  double total = 0;
  for (const auto& value : values) total += value.second;
  if (values.empty() || total <= 0 || total < bucket.count) return std::nullopt;
  std::ranges::sort(values);
  const double rank = percentile / 100 * total;
  double passed = 0;
  for (const auto& [value, weight] : values) {
    passed += weight;
    if (passed >= rank) return value;
  }
  return values.back().first;
}

}  // namespace

std::optional<Statistic> Statistic::parse(std::string_view text) {
  constexpr std::array<std::pair<std::string_view, Kind>, 5> kNames = {
      {{"Average", Kind::kAverage},
       {"Sum", Kind::kSum},
       {"Minimum", Kind::kMinimum},
       {"Maximum", Kind::kMaximum},
       {"SampleCount", Kind::kSampleCount}}};
  Statistic statistic;
  for (const auto& [name, kind] : kNames) {
    if (name != text) continue;
    statistic.kind_ = kind;
    return statistic;
  }
  if (!text.starts_with('p') || text.size() < 2) return std::nullopt;
  text.remove_prefix(1);
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), statistic.percentile_);
  if (error != std::errc() || end != text.data() + text.size() || statistic.percentile_ < 0 ||
      statistic.percentile_ > 100) {
    return std::nullopt;
  }
  statistic.kind_ = Kind::kPercentile;
  return statistic;
}

std::optional<double> Statistic::of(const store::MetricBucket& bucket) const {
  switch (kind_) {
    case Kind::kAverage:
      return bucket.count > 0 ? std::optional(bucket.sum / bucket.count) : std::nullopt;
    case Kind::kSum:
      return bucket.sum;
    case Kind::kMinimum:
      return bucket.minimum;
    case Kind::kMaximum:
      return bucket.maximum;
    case Kind::kSampleCount:
      return bucket.count;
    case Kind::kPercentile:
      break;
  }
  return percentile_of(bucket, percentile_);
}

}  // namespace clary::api::cloudwatch
