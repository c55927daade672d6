#include "domain/tuning/completion.h"

#include <algorithm>
#include <cmath>

namespace clary::tuning {

bool target_reached(std::span<const Observation> observations, double target) {
  return std::ranges::any_of(observations, [&](const Observation& observation) {
    return observation.outcome != Outcome::kFailed && observation.objective <= target;
  });
}

std::size_t jobs_not_improving(std::span<const Observation> observations) {
  std::optional<double> best;
  std::size_t since = 0;
  for (const Observation& observation : observations) {
    const double objective = observation.objective;
    if (observation.outcome == Outcome::kFailed || !std::isfinite(objective)) {
      ++since;
    } else if (!best ||
               (objective < *best && *best - objective >= kImprovement * std::abs(*best))) {
      since = 0;
    } else {
      ++since;
    }
    if (observation.outcome != Outcome::kFailed && std::isfinite(objective)) {
      best = best ? std::min(*best, objective) : objective;
    }
  }
  return since;
}

}  // namespace clary::tuning
