// From places in the unit cube to the features of the Gaussian process.
#pragma once

#include <cstddef>
#include <vector>

#include "domain/tuning/gaussian_process.h"
#include "domain/tuning/space.h"

namespace clary::tuning {

// Keeps a reference to the space.
class Encoder {
 public:
  // With more than one task, which task a point was run in is one more category: how alike tasks
  // are is then learned as any length scale is.
  Encoder(const Space& space, std::size_t tasks);

  const FeatureLayout& layout() const { return layout_; }
  const Space& space() const { return *space_; }

  // Writes the features of a place, which has snapped values. Task 0 is the search's own.
  void encode(const std::vector<double>& unit, std::size_t task,
              Eigen::Ref<Eigen::RowVectorXd> row) const;
  Eigen::MatrixXd encode(const std::vector<std::vector<double>>& units, std::size_t task = 0) const;

  // The feature of parameter `i`; only of a numeric one.
  Eigen::Index feature_of(std::size_t i) const { return first_[i]; }

 private:
  const Space* space_;
  FeatureLayout layout_;
  std::vector<Eigen::Index> first_;  // one more than the space has parameters
  std::size_t tasks_;
};

}  // namespace clary::tuning
