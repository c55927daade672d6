// The strategy Bayesian: a Gaussian process over everything known, and the point where it expects
// the most improvement. docs/decisions/tuning.md says what stands in it and why.
#pragma once

#include <cstddef>
#include <cstdint>

#include "domain/tuning/history.h"

namespace clary::tuning {

// The point with number `index` of the search with this seed. A function of its arguments alone:
// equal arguments give equal bits. Pending points are taken into account, so any number of jobs may
// run at once. In a finite space no point comes that is known or pending while there is another.
// Costs tens of milliseconds of one core, half a second at 750 observations. Uses no lock, keeps
// nothing.
Point suggest(const Space& space, const History& history, std::uint64_t seed, std::uint64_t index);

}  // namespace clary::tuning
