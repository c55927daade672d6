// k-fold cross-validation (hyperparameters _kfold and _num_cv_round, set by Autopilot).
#pragma once

#include <functional>
#include <string>

#include "algorithms/xgboost/training.h"

namespace clary::algorithms::xgboost {

// Which fold each row is tested in: shuffled, and for classes (labels given) with the classes
// spread evenly. The same seed gives the same folds.
std::vector<int> assign_folds(std::span<const float> labels, bool stratified, int folds,
                              std::uint64_t seed);

// Trains folds x cv_rounds models on train and validation together, prints each round's lines and
// the mean metrics, saves xgboost-model-<n> and output/data/predictions.csv (label, mean prediction
// or probability, and for classes the most frequent class).
void cross_validate(const ContainerPaths& paths, const TrainingPlan& plan, const Table& train,
                    const Table* validation, const std::function<void(const std::string&)>& print);

}  // namespace clary::algorithms::xgboost
