// The completion criteria of a tuning job that look at what its jobs have found. All objectives are
// "smaller is better" here; whoever maximises negates them and the target.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "domain/tuning/history.h"

namespace clary::tuning {

// What AWS calls an improvement: at least one per cent.
inline constexpr double kImprovement = 0.01;

// TargetObjectiveMetricValue: whether a job has reached it.
bool target_reached(std::span<const Observation> observations, double target);

// NumberOfTrainingJobsObjectiveNotImproving: how many jobs have ended since the last one, in the
// order given, that improved on the best before it by kImprovement of that best's absolute value:
//   best - objective >= 0.01 * |best|, and objective < best.
// The first job that did not fail counts as an improvement; jobs that fail count as not improving.
std::size_t jobs_not_improving(std::span<const Observation> observations);

// How many jobs must have ended before convergence is spoken of.
inline constexpr std::size_t kJobsBeforeConvergence = 12;

// ConvergenceDetected: whether no job to come is expected to improve on the best by kImprovement.
// The expectation is the Gaussian process's: the largest expected improvement over the space, at
// points scattered over it and round the best, divided by max(|best|, the tenth of the spread
// between the best and the median). The spread keeps an objective that goes to 0 from never
// converging. Needs kJobsBeforeConvergence jobs that did not fail; with the last half of the jobs
// not improving (jobs_not_improving), since one confident model is not evidence enough. A finite
// space converges also when each of its points is known.
bool converged(const Space& space, const History& history, std::uint64_t seed);

}  // namespace clary::tuning
