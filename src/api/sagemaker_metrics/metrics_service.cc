#include "api/sagemaker_metrics/metrics_service.h"

#include <algorithm>

#include "base/arn.h"

namespace clary::api {
namespace {

constexpr std::string_view kNamespace = "/aws/sagemaker/TrainingJobs";
constexpr std::string_view kTrainingJob = "training-job/";
constexpr std::size_t kMost = 1'000'000;  // values of one result

json::object refused(std::string_view why) {
  return {{"Status", "ValidationError"},
          {"Message", why},
          {"XAxisValues", json::array()},
          {"MetricValues", json::array()}};
}

}  // namespace

std::vector<OperationEntry> SageMakerMetricsService::operations() {
  return {{"BatchGetMetrics",
           [this](const json::object& input, Call& call) { return batch_get(input, call); },
           {}}};
}

json::object SageMakerMetricsService::batch_get(const json::object& input, Call& call) {
  json::array results;
  for (const json::value& query : input.at("MetricQueries").as_array()) {
    results.push_back(result_of(query.as_object(), call));
  }
  return {{"MetricQueryResults", std::move(results)}};
}

// Each value is an iteration of its own, so that no statistic but Count tells from the value.
json::object SageMakerMetricsService::result_of(const json::object& query, const Call& call) {
  const auto arn = parse_arn(string_or(query, "ResourceArn"));
  if (!arn || !arn->resource.starts_with(kTrainingJob) || arn->account != call.account ||
      arn->region != call.region) {
    return refused("ResourceArn must be a training job of this account and region.");
  }
  if (string_or(query, "Period") != "IterationNumber" ||
      string_or(query, "XAxisType") != "IterationNumber") {
    return refused(
        "This server answers by iteration: Period and XAxisType must be IterationNumber. "
        "CloudWatch's GetMetricData answers by time.");
  }
  const std::string statistic = string_or(query, "MetricStat");
  if (statistic == "StdDev") return refused("Single values have no StdDev.");
  const auto values = points_.values(
      {.account = std::string(call.account),
       .region = std::string(call.region),
       .metric_namespace = std::string(kNamespace),
       .name = string_or(query, "MetricName"),
       .dimensions = {{"TrainingJobName", arn->resource.substr(kTrainingJob.size())}}});
  const std::int64_t count = static_cast<std::int64_t>(values.size());
  const std::int64_t begin =
      std::clamp<std::int64_t>(find_int(query, "Start").value_or(0), 0, count);
  const std::int64_t end =
      std::clamp<std::int64_t>(find_int(query, "End").value_or(count - 1), begin - 1, count - 1) +
      1;
  const std::int64_t shown = std::min(end, begin + static_cast<std::int64_t>(kMost));
  json::array iterations, metric;
  for (std::int64_t i = begin; i < shown; ++i) {
    iterations.emplace_back(i);
    metric.emplace_back(statistic == "Count" ? 1.0 : values[static_cast<std::size_t>(i)]);
  }
  return {{"Status", shown < end ? "Truncated" : "Complete"},
          {"XAxisValues", std::move(iterations)},
          {"MetricValues", std::move(metric)}};
}

}  // namespace clary::api
