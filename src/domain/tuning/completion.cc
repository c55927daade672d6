#include "domain/tuning/completion.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <vector>

#include "domain/tuning/acquisition.h"
#include "domain/tuning/model.h"

namespace clary::tuning {
namespace {

// Whether each point of a finite space has ended, with whatever outcome.
bool exhausted(const Space& space, const History& history) {
  if (!space.count() || *space.count() > history.observations.size()) return false;
  std::set<Point> distinct;
  for (const Observation& observation : history.observations) {
    if (space.contains(observation.point)) distinct.insert(observation.point);
  }
  return distinct.size() == *space.count();
}

// What the model expects to gain at most, in units of the objective: the image of the best less the
// expected improvement, taken back.
double expected_gain(const Model& model, std::uint64_t seed, std::uint64_t index) {
  const double gain = std::exp(most_promising(model, seed, index, nullptr).front().log_improvement);
  return model.transform.inverse(model.best) - model.transform.inverse(model.best - gain);
}

}  // namespace

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

bool converged(const Space& space, const History& history, std::uint64_t seed) {
  if (exhausted(space, history)) return true;
  std::vector<double> objectives;
  for (const Observation& observation : history.observations) {
    if (observation.outcome != Outcome::kFailed && std::isfinite(observation.objective)) {
      objectives.push_back(observation.objective);
    }
  }
  if (objectives.size() < kJobsBeforeConvergence) return false;
  if (2 * jobs_not_improving(history.observations) < history.observations.size()) return false;
  std::ranges::sort(objectives);
  const double best = objectives.front(), spread = objectives[objectives.size() / 2] - best;
  const auto model = make_model(space, known(space, history));
  if (!model) return false;
  const double gain = expected_gain(*model, seed, history.observations.size());
  return gain <= kImprovement * std::max(std::abs(best), spread / 10);
}

}  // namespace clary::tuning
