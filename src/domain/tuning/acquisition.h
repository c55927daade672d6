// Where to look next: the point with the largest expected improvement.
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

// A box of the unit cube that the search is to stay in.
struct Region {
  std::vector<double> low, high;
};

struct Proposal {
  std::vector<double> unit;  // snapped
  double log_improvement = 0;
};

// Places to evaluate, best first, at least one: the whole cube scattered with Sobol points, the
// neighbourhoods of good points at several scales, then, from the best few of these, L-BFGS over
// the continuous parameters and steps through neighbouring integers and other categories in turn.
// After the places so found come the next best of the scattered ones, for when the first will not
// do.
std::vector<Proposal> most_promising(const Model& model, std::uint64_t seed, std::uint64_t index,
                                     const Region* region);

}  // namespace clary::tuning
