// The XGBoost algorithm's hyperparameters, as SageMaker's container declares them.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "algorithms/container/hyperparameters.h"

namespace clary::algorithms::xgboost {

std::span<const Hyperparameter> hyperparameters();

// Ranges first, then what depends on another one: num_class for multi:*, auc and its objectives,
// updaters and boosters, constraints and tree methods. Throws ClientError.
HyperparameterValues validate_hyperparameters(const std::map<std::string, std::string>& given);

// "ndcg@5" -> "ndcg".
std::string metric_base(std::string_view metric);
bool is_maximised(std::string_view metric);
// SupportedTuningJobObjectiveMetrics: validation:X of every metric, with its direction.
json::array objective_metrics();

}  // namespace clary::algorithms::xgboost
