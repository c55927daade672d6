// How much each hyperparameter matters for the objective, for people to look at.
#pragma once

#include <cstdint>
#include <vector>

#include "domain/tuning/history.h"

namespace clary::tuning {

// A share for each parameter, together 1: the total-effect Sobol index (Homma and Saltelli 1996, by
// Jansen's estimator) of the Gaussian process's mean over the space: what part of the objective's
// variance would stay if all the others were fixed, its interactions included. Functional ANOVA on
// a surrogate, as Hutter, Hoos and Leyton-Brown 2014 do it with forests. All shares are 0 with
// fewer than four jobs that did not fail, or when they all have the same objective.
std::vector<double> importance(const Space& space, const History& history, std::uint64_t seed);

}  // namespace clary::tuning
