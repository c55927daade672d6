// What a search knows when it is asked for the next point.
#pragma once

#include <cstddef>
#include <vector>

#include "domain/tuning/space.h"

namespace clary::tuning {

// A job that early stopping ended counts with its last value; a failed one only says that its point
// is bad.
enum class Outcome { kSucceeded, kFailed, kStoppedEarly };

struct Observation {
  Point point;
  // Smaller is better: whoever maximises negates. Ignored when failed.
  double objective = 0;
  Outcome outcome = Outcome::kSucceeded;
};

// What a parent of a warm start saw. Identical data and algorithm: as good as the search's own.
// Transfer: another level and scale, so that only what is better than what within one parent
// counts.
enum class WarmStart { kIdentical, kTransfer };

struct PriorObservation {
  Observation observation;
  WarmStart kind = WarmStart::kIdentical;
  std::size_t parent = 0;
};

struct History {
  // In the order of their ends; the order is part of what makes a suggestion repeatable.
  std::vector<Observation> observations;
  // Suggested and not yet known.
  std::vector<Point> pending;
  std::vector<PriorObservation> prior;
};

}  // namespace clary::tuning
