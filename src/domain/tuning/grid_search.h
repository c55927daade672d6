// Every combination of categorical values once: the strategy Grid.
#pragma once

#include <cstdint>

#include "domain/tuning/space.h"

namespace clary::tuning {

// How many jobs a grid has. Errors: a range that is not categorical, more combinations than a
// tuning job may have training jobs (`most`), both worded for the user.
Checked<std::uint64_t> grid_size(const Space& space, std::uint64_t most);

// Combination number `index` of grid_size, in an order that the seed shuffles, so that a search
// which is ended early has not seen one corner alone. Every index below the size gives another
// point.
Point grid_point(const Space& space, std::uint64_t seed, std::uint64_t index);

}  // namespace clary::tuning
