// CloudWatch metrics over store/metric_points.h.
#pragma once

#include "api/call.h"
#include "store/metric_points.h"

namespace clary::api {

// owns nothing: the store outlives it.
class CloudWatchService final : public Service {
 public:
  explicit CloudWatchService(store::MetricPoints& points) : points_(points) {}
  std::string_view model_name() const override { return "cloudwatch"; }
  std::vector<OperationEntry> operations() override;

 private:
  store::MetricPoints& points_;
};

}  // namespace clary::api
