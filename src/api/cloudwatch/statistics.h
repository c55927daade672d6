// Statistics of a bucket of points, by CloudWatch's names.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "store/metric_points.h"

namespace clary::api::cloudwatch {

// "Average", "Sum", "Minimum", "Maximum", "SampleCount", or a percentile: "p50", "p99.9".
class Statistic {
 public:
  static std::optional<Statistic> parse(std::string_view text);
  bool needs_values() const { return kind_ == Kind::kPercentile; }
  // Nullopt when it cannot be told: a percentile of points that came as statistic sets.
  std::optional<double> of(const store::MetricBucket& bucket) const;

 private:
  enum class Kind { kAverage, kSum, kMinimum, kMaximum, kSampleCount, kPercentile };
  Kind kind_ = Kind::kAverage;
  double percentile_ = 0;
};

}  // namespace clary::api::cloudwatch
