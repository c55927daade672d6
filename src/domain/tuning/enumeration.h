// The points of a space that has finitely many, by number.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "domain/tuning/space.h"

namespace clary::tuning {

// Point `number` of space.count(), the last parameter running fastest. Only for a finite space.
Point numbered_point(const Space& space, std::uint64_t number);

// The next point from number `start` (taken modulo the count) on, round the end, that is not in
// `taken`; nullopt when all are. Looks at `taken.size() + 1` points at most.
std::optional<Point> untried(const Space& space, std::uint64_t start, std::span<const Point> taken);

}  // namespace clary::tuning
