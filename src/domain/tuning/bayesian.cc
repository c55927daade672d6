#include "domain/tuning/bayesian.h"

#include "domain/tuning/random_search.h"

namespace clary::tuning {

Point suggest(const Space& space, const History& history, std::uint64_t seed, std::uint64_t index) {
  std::vector<Point> taken = history.pending;
  for (const Observation& observation : history.observations) taken.push_back(observation.point);
  return random_point(space, seed, index, taken);
}

}  // namespace clary::tuning
