#include "api/cloudwatch/operations.h"
#include "api/cloudwatch/statistics.h"

namespace clary::api::cloudwatch {
namespace {

std::vector<std::pair<std::string, Statistic>> statistics_in(const json::object& input,
                                                             std::string_view member) {
  std::vector<std::pair<std::string, Statistic>> statistics;
  if (const json::array* const names = find_array(input, member)) {
    for (const json::value& name : *names) {
      const auto statistic = Statistic::parse(name.as_string());
      if (!statistic) {
        invalid_value("The value " + std::string(name.as_string()) + " for parameter " +
                      std::string(member) +
                      " is not supported by Clary, which knows Average, Sum, Minimum, Maximum, "
                      "SampleCount and percentiles such as p99.");
      }
      statistics.emplace_back(name.as_string(), *statistic);
    }
  }
  return statistics;
}

}  // namespace

json::object get_metric_statistics(store::MetricPoints& store, const json::object& input,
                                   Call& call) {
  const auto plain = statistics_in(input, "Statistics");
  const auto extended = statistics_in(input, "ExtendedStatistics");
  if (plain.empty() && extended.empty()) {
    invalid_combination("Must specify either Statistics or ExtendedStatistics");
  }
  const Timestamp from = time_in(input, "StartTime", call.now);
  const Timestamp until = time_in(input, "EndTime", call.now);
  if (from >= until) {
    invalid_value("The parameter StartTime must be less than the parameter EndTime.");
  }
  const auto period = period_in(input);
  const auto wanted = (until - from + period - std::chrono::milliseconds(1)) / period;
  if (wanted > 1440) {
    invalid_combination("You have requested up to " + std::to_string(wanted) +
                        " datapoints, which exceeds the limit of 1,440. You may reduce the "
                        "datapoints requested by increasing Period, or decreasing the time range.");
  }
  const store::MetricId metric{.account = std::string(call.account),
                               .region = std::string(call.region),
                               .metric_namespace = string_or(input, "Namespace"),
                               .name = string_or(input, "MetricName"),
                               .dimensions = dimensions_in(input)};
  using Keep = store::MetricPoints::KeepValues;
  const auto unit = find_string(input, "Unit");
  json::array points;
  for (const store::MetricBucket& bucket :
       store.buckets(metric, from, until, period, extended.empty() ? Keep::kNo : Keep::kYes)) {
    if (unit && bucket.unit != *unit) continue;
    json::object point{{"Timestamp", epoch_seconds(bucket.start)}, {"Unit", bucket.unit}};
    for (const auto& [name, statistic] : plain) {
      if (const auto value = statistic.of(bucket)) point[name] = *value;
    }
    json::object values;
    for (const auto& [name, statistic] : extended) {
      if (const auto value = statistic.of(bucket)) values[name] = *value;
    }
    if (!values.empty()) point["ExtendedStatistics"] = std::move(values);
    points.push_back(std::move(point));
  }
  return {{"Label", metric.name}, {"Datapoints", std::move(points)}};
}

}  // namespace clary::api::cloudwatch
