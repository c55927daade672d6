#include <algorithm>
#include <charconv>
#include <cmath>

#include "api/cloudwatch/metric_math.h"
#include "api/cloudwatch/operations.h"
#include "api/cloudwatch/statistics.h"

namespace clary::api::cloudwatch {
namespace {

[[noreturn]] void invalid(const std::string& message) {
  throw wire::ApiError("ValidationError", message, 400);
}

struct Query {
  std::string id, label, expression;
  const json::object* metric = nullptr;  // MetricStat
  bool shown = true;
  std::set<std::string> needs;
};

std::vector<Query> queries_in(const json::object& input) {
  std::vector<Query> queries;
  std::set<std::string> ids;
  for (const json::value& value : *find_array(input, "MetricDataQueries")) {
    const json::object& object = value.as_object();
    Query query{.id = string_or(object, "Id"),
                .label = string_or(object, "Label"),
                .expression = string_or(object, "Expression"),
                .metric = find_object(object, "MetricStat"),
                .shown = find_bool(object, "ReturnData").value_or(true),
                .needs = {}};
    if (!ids.insert(query.id).second) {
      invalid("The values for parameter id in MetricDataQueries are not unique.");
    }
    if (query.id.empty() || query.id[0] < 'a' || query.id[0] > 'z') {
      invalid("The value '" + query.id +
              "' for parameter Id is not matching the expected pattern "
              "^[a-z][a-zA-Z0-9_]*$.");
    }
    if ((query.metric != nullptr) == !query.expression.empty()) {
      invalid("In each MetricDataQuery, specify either MetricStat or Expression, but not both.");
    }
    if (query.metric == nullptr) {
      const auto needs = math_references(query.expression);
      if (!needs) invalid("Error in expression '" + query.id + "': " + needs.error());
      query.needs = *needs;
    }
    queries.push_back(std::move(query));
  }
  return queries;
}

Series series_of(store::MetricPoints& store, const json::object& stat, const Call& call,
                 Timestamp from, Timestamp until) {
  const auto statistic = Statistic::parse(string_or(stat, "Stat"));
  if (!statistic) {
    invalid("The value " + string_or(stat, "Stat") +
            " for parameter Stat is not supported by Clary, which knows Average, Sum, Minimum, "
            "Maximum, SampleCount and percentiles such as p99.");
  }
  const json::object& metric = *find_object(stat, "Metric");
  const store::MetricId id{.account = std::string(call.account),
                           .region = std::string(call.region),
                           .metric_namespace = string_or(metric, "Namespace"),
                           .name = string_or(metric, "MetricName"),
                           .dimensions = dimensions_in(metric)};
  Series series{.values = {}, .period = period_in(stat)};
  using Keep = store::MetricPoints::KeepValues;
  const auto unit = find_string(stat, "Unit");
  std::map<Timestamp, store::MetricBucket> by_time;
  for (store::MetricBucket& bucket : store.buckets(
           id, from, until, series.period, statistic->needs_values() ? Keep::kYes : Keep::kNo)) {
    if (unit && bucket.unit != *unit) continue;
    const auto [entry, first] = by_time.try_emplace(bucket.start, bucket);
    if (first) continue;
    // Without a unit asked for, points of all units count together.
    store::MetricBucket& whole = entry->second;
    whole.sum += bucket.sum;
    whole.count += bucket.count;
    whole.minimum = std::min(whole.minimum, bucket.minimum);
    whole.maximum = std::max(whole.maximum, bucket.maximum);
    std::ranges::move(bucket.values, std::back_inserter(whole.values));
  }
  for (const auto& [time, bucket] : by_time) {
    if (const auto value = statistic->of(bucket)) series.values.emplace(time, *value);
  }
  return series;
}

// Expressions after what they mention; whatever is left over goes round in a circle.
void evaluate_expressions(const std::vector<Query>& queries, MathScope& scope) {
  std::set<std::string> left;
  for (const Query& query : queries) {
    if (query.metric == nullptr) left.insert(query.id);
  }
  while (!left.empty()) {
    const auto ready = std::ranges::find_if(queries, [&](const Query& query) {
      return left.contains(query.id) &&
             std::ranges::none_of(query.needs, [&](const auto& id) { return left.contains(id); });
    });
    if (ready == queries.end()) invalid("The expressions refer to each other in a circle.");
    auto value = evaluate_math(ready->expression, scope);
    if (!value) invalid("Error in expression '" + ready->id + "': " + value.error());
    scope.by_id[ready->id] = *std::move(value);
    left.erase(ready->id);
  }
}

struct Result {
  std::string id, label;
  std::vector<std::pair<Timestamp, double>> points;
};

Result result_of(const std::string& id, const std::string& label, const Series& series,
                 bool descending) {
  Result result{.id = id, .label = label, .points = {}};
  for (const auto& point : series.values) {
    // A division by zero leaves no data point.
    if (std::isfinite(point.second)) result.points.emplace_back(point.first, point.second);
  }
  if (descending) std::ranges::reverse(result.points);
  return result;
}

std::vector<Result> results_of(const std::vector<Query>& queries, const MathScope& scope,
                               bool descending) {
  std::vector<Result> results;
  for (const Query& query : queries) {
    if (!query.shown) continue;
    const std::string name = query.metric != nullptr
                                 ? string_or(*find_object(*query.metric, "Metric"), "MetricName")
                                 : query.id;
    const std::string& label = query.label.empty() ? name : query.label;
    const MathValue& value = scope.by_id.at(query.id);
    if (const auto* const series = std::get_if<Series>(&value)) {
      results.push_back(result_of(query.id, label, *series, descending));
    } else if (const auto* const list = std::get_if<std::map<std::string, Series>>(&value)) {
      for (const auto& [id, series_of_list] : *list) {
        results.push_back(result_of(query.id, label + " " + id, series_of_list, descending));
      }
    } else {
      invalid("Error in expression '" + query.id +
              "': the result is a number; a time series is needed.");
    }
  }
  return results;
}

// All results' points in a row; a page is a stretch of it, and the token says where it goes on.
json::object page_of(const std::vector<Result>& results, std::size_t start, std::size_t limit) {
  json::array list;
  std::size_t passed = 0, shown = 0;
  for (const Result& result : results) {
    const std::size_t first = std::clamp(start, passed, passed + result.points.size()) - passed;
    const std::size_t count = std::min(result.points.size() - first, limit - shown);
    const bool before = start > passed && first == result.points.size();
    passed += result.points.size();
    if (before) continue;  // whole on an earlier page
    json::array times, values;
    for (std::size_t i = first; i < first + count; ++i) {
      times.push_back(json::value(epoch_seconds(result.points[i].first)));
      values.push_back(json::value(result.points[i].second));
    }
    shown += count;
    list.push_back(json::object{
        {"Id", result.id},
        {"Label", result.label},
        {"Timestamps", std::move(times)},
        {"Values", std::move(values)},
        {"StatusCode", first + count < result.points.size() ? "PartialData" : "Complete"}});
  }
  json::object output{{"MetricDataResults", std::move(list)}, {"Messages", json::array()}};
  if (start + shown < passed) output["NextToken"] = base64(std::to_string(start + shown));
  return output;
}

}  // namespace

json::object get_metric_data(store::MetricPoints& store, const json::object& input, Call& call) {
  const std::vector<Query> queries = queries_in(input);
  MathScope scope;
  scope.from = time_in(input, "StartTime", call.now);
  scope.until = time_in(input, "EndTime", call.now);
  if (scope.from >= scope.until) {
    invalid("The parameter StartTime must be less than the parameter EndTime.");
  }
  for (const Query& query : queries) {
    if (query.metric == nullptr) continue;
    scope.by_id[query.id] = series_of(store, *query.metric, call, scope.from, scope.until);
    scope.metrics.insert(query.id);
  }
  evaluate_expressions(queries, scope);
  std::size_t start = 0;
  if (const auto token = find_string(input, "NextToken")) {
    const auto text = unbase64(*token);
    if (!text ||
        std::from_chars(text->data(), text->data() + text->size(), start).ec != std::errc()) {
      invalid("The value for parameter NextToken is invalid.");
    }
  }
  constexpr std::int64_t kMaxDatapoints = 100'800;
  const auto limit = static_cast<std::size_t>(std::clamp<std::int64_t>(
      find_int(input, "MaxDatapoints").value_or(kMaxDatapoints), 1, kMaxDatapoints));
  const bool descending = find_string(input, "ScanBy") != "TimestampAscending";
  return page_of(results_of(queries, scope, descending), start, limit);
}

}  // namespace clary::api::cloudwatch
