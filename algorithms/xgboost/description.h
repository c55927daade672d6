// XGBoost as DescribeAlgorithm shows it.
#pragma once

#include "base/json.h"

namespace clary::algorithms::xgboost {

// AlgorithmName, AlgorithmDescription and TrainingSpecification, without image and metrics: those
// belong to who runs it.
json::object description();

}  // namespace clary::algorithms::xgboost
