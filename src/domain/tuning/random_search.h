// Independent uniform points: the strategy Random, and where Hyperband gets its configurations.
#pragma once

#include <cstdint>
#include <span>

#include "domain/tuning/space.h"

namespace clary::tuning {

// The point with this number of the search with this seed: the same bits each time, whatever else
// happened.
Point random_point(const Space& space, std::uint64_t seed, std::uint64_t index);

// The same, but not one of `taken` as long as the space has another: what a search with few points
// needs so as not to pay twice. With the points of all lower indices in `taken`, still a function
// of seed and index alone.
Point random_point(const Space& space, std::uint64_t seed, std::uint64_t index,
                   std::span<const Point> taken);

}  // namespace clary::tuning
