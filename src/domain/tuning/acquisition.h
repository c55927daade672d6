// Where to look next: the point with the largest expected improvement, of a noisy objective less
// where one more value would hardly tell anything.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "domain/tuning/model.h"

namespace clary::tuning {

// log of E[max(best - f, 0)] for a normal f, exact to rounding also where the improvement is far
// too small for a double (Ament et al. 2023, "Unexpected improvements to expected improvement"),
// with its derivatives by mean and deviation.
struct LogImprovement {
  double value = 0, by_mean = 0, by_deviation = 0;
};
LogImprovement log_expected_improvement(double mean, double deviation, double best);

// The share of an expected improvement that one more noisy value can realise: the augmentation of
// Huang et al. 2006 ("Global optimization of stochastic black-box systems via sequential kriging
// meta-models"), 1 - sqrt(noise / (variance + noise)). Without it a search goes on drawing at a
// lucky point that it has drawn at a dozen times. Noise far below kNoiseSeen of the objective's
// variance counts as none: it is what the prior says where the data say nothing, and refining an
// exact optimum needs steps whose variance is smaller still.
struct LogAugmentation {
  double value = 0, by_variance = 0;
};
LogAugmentation log_augmentation(double variance, double noise);
inline constexpr double kNoiseSeen = 1e-2;

// A box of the unit cube that the search is to stay in.
struct Region {
  std::vector<double> low, high;
};

struct Proposal {
  std::vector<double> unit;    // snapped
  double log_improvement = 0;  // augmented
};

// Places to evaluate, best first, at least one: the whole cube scattered with Sobol points, the
// neighbourhoods of good points at several scales, then, from the best few of these, L-BFGS over
// the continuous parameters and steps through neighbouring integers and other categories in turn.
// After the places so found come the next best of the scattered ones, for when the first will not
// do.
std::vector<Proposal> most_promising(const Model& model, std::uint64_t seed, std::uint64_t index,
                                     const Region* region);

}  // namespace clary::tuning
