// A trained model as flat arrays, and its evaluation: what libxgboost would answer, without its
// per-call set-up, locks and OpenMP threads.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "base/json.h"

namespace clary::algorithms::xgboost {

// The model has a part that is not evaluated here (trees with vector leaves): use libxgboost.
class NotCovered : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// Trees (gbtree, dart) or a linear model (gblinear). Additions happen in libxgboost's order and
// precision, so results agree to the last bit but for exp() of the platform.
// threads: immutable, any.
class Ensemble {
 public:
  // `model` is the document of XGBoost's JSON and UBJSON models (all versions, 3.1's vector
  // base_score included). Throws ModelFormatError, or NotCovered.
  explicit Ensemble(const json::object& model);

  std::size_t features() const { return features_; }
  // Margins of a row: 1, or one per class.
  std::size_t groups() const { return groups_; }
  // Predictions of a row: groups(), but 1 for multi:softmax.
  std::size_t outputs() const { return objective_ == "multi:softmax" ? 1 : groups_; }
  const std::string& objective() const { return objective_; }

  // `row` has features() values, NaN = missing. Writes outputs() predictions, transformed as the
  // objective says. `out` has room for groups().
  void predict(const float* row, float* out) const;

 private:
  // Children are neighbours: right = left + 1. A leaf has left = 0 and its value in `value`. The
  // top bit of `feature` says whether a missing value goes left.
  struct Node {
    float value;
    std::uint32_t feature;
    std::uint32_t left;
    std::uint32_t categories;  // index + 1 of the set of categories that go right; 0: numeric split
  };
  struct Tree {
    std::uint32_t root;
    std::uint32_t group;
    float weight;  // of dart
  };

  struct TreeArrays;
  void read_trees(const json::object& booster, bool dart);
  void read_tree(const json::object& tree, std::uint32_t group, float weight);
  void read_categories(const json::object& tree, const TreeArrays& arrays,
                       std::vector<std::uint32_t>& set_of);
  void read_linear(const json::object& booster);
  void read_objective(const json::object& learner);
  void read_base_score(const json::object& parameters, bool logit);
  std::size_t used_trees(const json::object& learner, const json::object& model,
                         std::size_t count) const;
  float leaf_value(const Tree& tree, const float* row) const;
  bool goes_left(const Node& node, float value) const;
  void transform(float* margins) const;

  enum class Transform { kIdentity, kLogistic, kExponential, kHinge, kSoftmax, kSoftprob };

  std::size_t features_ = 0;
  std::size_t groups_ = 1;
  std::string objective_;
  Transform transform_ = Transform::kIdentity;
  std::vector<float> base_margins_;  // one per group
  bool dart_ = false;
  std::vector<Tree> trees_;
  std::vector<Node> nodes_;
  std::vector<std::vector<std::uint64_t>> category_sets_;  // bits
  std::vector<float> weights_;  // of a linear model: (features + 1) x groups, the bias last
};

}  // namespace clary::algorithms::xgboost
