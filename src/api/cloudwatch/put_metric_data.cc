#include <cmath>

#include "api/cloudwatch/operations.h"

namespace clary::api::cloudwatch {
namespace {

using store::MetricPoint;

std::string place(std::size_t index) {
  return "MetricData.member." + std::to_string(index + 1);
}

double finite(double value, std::size_t index) {
  if (!std::isfinite(value)) {
    invalid_value("The value " + std::to_string(value) + " for parameter " + place(index) +
                  ".Value is invalid.");
  }
  return value;
}

// Values with Counts, one point for each.
void add_values(std::vector<MetricPoint>& points, const json::object& datum, MetricPoint point,
                std::size_t index) {
  const json::array& values = *find_array(datum, "Values");
  const json::array* const counts = find_array(datum, "Counts");
  if (counts != nullptr && counts->size() != values.size()) {
    invalid_value("The parameters " + place(index) + ".Values and " + place(index) +
                  ".Counts must be of the same size.");
  }
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double value = finite(values[i].to_number<double>(), index);
    point.count = counts != nullptr ? finite((*counts)[i].to_number<double>(), index) : 1;
    point.minimum = point.maximum = value;
    point.sum = value * point.count;
    points.push_back(point);
  }
}

std::vector<MetricPoint> points_in(const json::object& datum, std::size_t index, Timestamp now) {
  MetricPoint point;
  point.time = time_in(datum, "Timestamp", now);
  point.unit = string_or(datum, "Unit", "None");
  if (point.time < now - std::chrono::days(14) || point.time > now + std::chrono::hours(2)) {
    invalid_value("The parameter " + place(index) +
                  ".Timestamp must specify a time within the past two weeks and no later than two "
                  "hours from now.");
  }
  std::vector<MetricPoint> points;
  const bool has_value = datum.contains("Value"), has_values = datum.contains("Values");
  const json::object* const set = find_object(datum, "StatisticValues");
  if (has_value + has_values + (set != nullptr) > 1) {
    invalid_combination("The parameters " + place(index) + ".Value, " + place(index) +
                        ".Values and " + place(index) +
                        ".StatisticValues are mutually exclusive and you have specified more than "
                        "one.");
  }
  if (has_value) {
    point.sum = point.minimum = point.maximum = finite(find_double(datum, "Value").value(), index);
    points.push_back(point);
  } else if (has_values) {
    add_values(points, datum, point, index);
  } else if (set != nullptr) {
    point.count = finite(find_double(*set, "SampleCount").value_or(0), index);
    point.sum = finite(find_double(*set, "Sum").value_or(0), index);
    point.minimum = finite(find_double(*set, "Minimum").value_or(0), index);
    point.maximum = finite(find_double(*set, "Maximum").value_or(0), index);
    if (point.minimum > point.maximum) {
      invalid_value("The parameter " + place(index) +
                    ".StatisticValues.Maximum must be greater than " + place(index) +
                    ".StatisticValues.Minimum.");
    }
    points.push_back(point);
  } else {
    throw wire::ApiError("MissingParameter",
                         "The parameter " + place(index) + ".Value is required.", 400);
  }
  return points;
}

}  // namespace

json::object put_metric_data(store::MetricPoints& store, const json::object& input, Call& call) {
  const std::string metric_namespace = string_or(input, "Namespace");
  if (metric_namespace.starts_with("AWS/")) {
    invalid_value("The value AWS/ for parameter Namespace is invalid.");
  }
  if (input.contains("EntityMetricData")) {
    invalid_value("EntityMetricData is not supported by Clary; send the data as MetricData.");
  }
  // Everything is checked before anything is stored.
  std::map<store::MetricId, std::vector<MetricPoint>> points;
  if (const json::array* const data = find_array(input, "MetricData")) {
    for (std::size_t i = 0; i < data->size(); ++i) {
      const json::object& datum = (*data)[i].as_object();
      auto& of_metric = points[{.account = std::string(call.account),
                                .region = std::string(call.region),
                                .metric_namespace = metric_namespace,
                                .name = string_or(datum, "MetricName"),
                                .dimensions = dimensions_in(datum)}];
      std::ranges::move(points_in(datum, i, call.now), std::back_inserter(of_metric));
    }
  }
  if (points.empty()) {
    throw wire::ApiError("MissingParameter", "The parameter MetricData is required.", 400);
  }
  // Changes are committed in order: when the last one is on disk, all are.
  const auto last = std::prev(points.end());
  for (auto metric = points.begin(); metric != last; ++metric) {
    store.append_later(metric->first, std::move(metric->second));
  }
  store.append(last->first, last->second);
  return {};
}

}  // namespace clary::api::cloudwatch
