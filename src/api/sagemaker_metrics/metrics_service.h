// SageMaker's metrics of training jobs by iteration, which CloudWatch's seconds are too coarse for:
// a job may finish a hundred rounds in one of them.
#pragma once

#include "api/call.h"
#include "store/metric_points.h"

namespace clary::api {

// owns nothing: the store outlives it.
class SageMakerMetricsService final : public Service {
 public:
  explicit SageMakerMetricsService(store::MetricPoints& points) : points_(points) {}
  std::string_view model_name() const override { return "sagemaker-metrics"; }
  std::vector<OperationEntry> operations() override;

 private:
  json::object batch_get(const json::object& input, Call& call);
  json::object result_of(const json::object& query, const Call& call);

  store::MetricPoints& points_;
};

}  // namespace clary::api
