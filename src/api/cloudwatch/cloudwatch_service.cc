#include "api/cloudwatch/cloudwatch_service.h"

#include "api/cloudwatch/operations.h"

namespace clary::api {

std::vector<OperationEntry> CloudWatchService::operations() {
  const auto on = [this](cloudwatch::Operation* operation) -> Plain {
    return [this, operation](const json::object& input, Call& call) {
      return operation(points_, input, call);
    };
  };
  return {
      {"PutMetricData", on(cloudwatch::put_metric_data), {}},
      {"GetMetricData", on(cloudwatch::get_metric_data), {}},
      {"GetMetricStatistics", on(cloudwatch::get_metric_statistics), {}},
      {"ListMetrics", on(cloudwatch::list_metrics), {}},
  };
}

}  // namespace clary::api
