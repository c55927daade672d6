// CloudWatch's data: metrics named by namespace, name and dimensions, and their points.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "store/database.h"

namespace clary::store {

struct MetricId {
  std::string account, region, metric_namespace, name;
  std::map<std::string, std::string> dimensions;
  friend auto operator<=>(const MetricId&, const MetricId&) = default;
};

// A sample, several samples of one value (minimum and maximum are equal), or an already summed
// statistic set.
struct MetricPoint {
  Timestamp time;
  double sum = 0, minimum = 0, maximum = 0, count = 1;
  std::string unit = "None";
};

struct MetricBucket {
  Timestamp start;
  double sum = 0, minimum = 0, maximum = 0, count = 0;
  std::string unit;
  // Value and weight of each sample, only when asked (percentiles). Statistic sets have none, so
  // their weights may add up to less than `count`.
  std::vector<std::pair<double, double>> values;
};

// Points are kept as they came for 15 days, then summed to 5 minutes until 63 days, then to an hour
// until 455 days, then removed: CloudWatch's own times. Summed points have no values left. The work
// is spread over appends: each also looks after the metric that has waited longest.
// threads: any. blocks: all but append_later. errors: StorageError.
class MetricPoints {
 public:
  MetricPoints(Database& database, const Clock& clock);
  ~MetricPoints();
  static std::span<const Migration> migrations();

  void append(const MetricId& metric, std::span<const MetricPoint> points);
  // The same as a part of `connection`'s transaction (inside Database::write of the same database).
  void append_within(Connection& connection, const MetricId& metric,
                     std::span<const MetricPoint> points);
  void append_later(MetricId metric, std::vector<MetricPoint> points);
  // Points in [from, until) summed into buckets of `period`, aligned to the epoch, in order of time
  // and unit: points of different units are not mixed. Empty buckets are left out.
  enum class KeepValues { kNo, kYes };
  std::vector<MetricBucket> buckets(const MetricId& metric, Timestamp from, Timestamp until,
                                    std::chrono::seconds period, KeepValues keep);
  // The samples of a metric in the order in which they were appended within each moment, as long as
  // they are kept as they came.
  std::vector<double> values(const MetricId& metric);
  // Metrics that match and had points in the last two weeks, by namespace, name and dimensions.
  // Empty `metric_namespace` or `name` match all; `dimensions` without a value match any value;
  // `seen_since` asks for later points than two weeks ago.
  std::vector<MetricId> list(
      std::string_view account, std::string_view region, std::string_view metric_namespace,
      std::string_view name,
      const std::vector<std::pair<std::string, std::optional<std::string>>>& dimensions,
      std::size_t offset, std::size_t limit, Timestamp seen_since = Timestamp::min());

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace clary::store
