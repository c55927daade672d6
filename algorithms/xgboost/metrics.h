// The metrics that SageMaker's container adds to XGBoost's own.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "algorithms/xgboost/library.h"

namespace clary::algorithms::xgboost {

// accuracy, balanced_accuracy, f1, f1_binary, f1_macro, precision*, recall*, mse, r2.
bool is_container_metric(std::string_view metric);
// Whether it compares classes (from margins) or numbers (from transformed predictions).
bool is_class_metric(std::string_view metric);

// The class of each row from margins: the largest of several, or whether a single one is positive.
std::vector<int> classes_of(const Predictions& margins);

// As scikit-learn computes them (unweighted; an undefined ratio counts 0; macro averages over the
// labels that occur in truth or prediction; plain precision and recall are of class 1).
double class_metric(std::string_view metric, std::span<const float> labels,
                    std::span<const int> predicted);
double number_metric(std::string_view metric, std::span<const float> labels,
                     std::span<const float> predicted);

struct Score {
  std::string name;
  double value = 0;
};

// The scores of one data set after one round, and the line of one round as the container prints it:
// "[12]\ttrain-auc:0.99000\tvalidation-auc:0.93000".
struct DataScores {
  std::string data;
  std::vector<Score> scores;
};
std::string round_line(int round, std::span<const DataScores> all);

// Reads what Booster::evaluate answers. Data names are those of `names`, in order.
std::vector<DataScores> parse_scores(std::string_view line, std::span<const char* const> names);

}  // namespace clary::algorithms::xgboost
