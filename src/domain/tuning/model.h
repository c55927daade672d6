// The Gaussian process over all that a search knows.
#pragma once

#include <Eigen/Core>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "domain/tuning/encoder.h"
#include "domain/tuning/gaussian_process.h"
#include "domain/tuning/history.h"
#include "domain/tuning/output_transform.h"

namespace clary::tuning {

// The history in the unit cube. Points that the space has no image of are left out.
struct Known {
  struct Row {
    std::vector<double> unit;
    double objective = 0;
    std::size_t task = 0;
  };
  // With an objective: the search's own first, then what a parent with identical data saw (both
  // task 0), then of each transfer parent. Of parents at most kMostPriors rows.
  std::vector<Row> rows;
  std::size_t own = 0;  // of task 0
  std::vector<std::vector<double>> failed, pending;
  std::size_t tasks = 1;
};

inline constexpr std::size_t kMostPriors = 300;

Known known(const Space& space, const History& history);

// Log length scales and the rest with the highest posterior density: evidence times priors, by
// L-BFGS from some starts. `evaluations` of the evidence in all.
Eigen::VectorXd fitted(const FeatureLayout& layout, const Eigen::MatrixXd& points,
                       const Eigen::VectorXd& targets, std::span<const Eigen::VectorXd> starts,
                       int evaluations, double* density);

// Where fitting starts without other knowledge: the middle of the priors.
Eigen::VectorXd prior_middle(const FeatureLayout& layout);

struct Model {
  Encoder encoder;
  OutputTransform transform;
  Posterior posterior;
  // The smallest mean at a known or pending point of task 0, and the known ones by their means.
  double best = 0;
  std::vector<std::vector<double>> good;
};

// Nullopt when nothing that has an objective is known. Failed points count as the worst that was
// seen, pending ones as what the model expects there (the kriging believer); neither takes part in
// the fit of the hyperparameters.
std::optional<Model> make_model(const Space& space, const Known& known);

}  // namespace clary::tuning
