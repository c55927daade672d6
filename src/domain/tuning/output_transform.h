// What the Gaussian process models is not the objective but a monotone, standardised image of it.
#pragma once

#include <Eigen/Core>
#include <limits>
#include <span>
#include <vector>

namespace clary::tuning {

// T(y) = (log(1 + (y - best) / offset) - mean) / deviation; an infinite offset means the identity
// in place of the logarithm. A small offset resolves the neighbourhood of the best and presses
// together what is far worse. Values beyond `clip` count as clip: a diverged loss of 1e30 says no
// more than that its point is bad.
struct OutputTransform {
  double best = 0, clip = 0;
  double offset = std::numeric_limits<double>::infinity();
  double mean = 0, deviation = 1;

  double operator()(double objective) const;
  // Back to the objective.
  double inverse(double image) const;
  // The log of the derivative, summed over the objectives: what makes evidences of different
  // transforms comparable (Snelson, Rasmussen and Ghahramani 2004). Clipped ones are left out.
  double log_jacobian(std::span<const double> objectives) const;
};

// The transforms worth trying for these objectives (at least one, all finite): the identity, and
// logarithms whose offsets are fractions of the distance from the best to the median.
std::vector<OutputTransform> candidate_transforms(std::span<const double> objectives);

// Objectives of another task, in units of its own: zero mean and unit deviation after clipping.
std::vector<double> standardised(std::span<const double> objectives);

}  // namespace clary::tuning
