// The strategy Hyperband: successive halving, asynchronous, so that no job waits for another (ASHA
// in its stopping form; Li et al., "A System for Massively Parallel Hyperparameter Tuning", 2020).
// New configurations come from random_point.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "domain/tuning/curve.h"

namespace clary::tuning {

// One resource is one emission of the objective. 1 <= min_resource <= max_resource.
struct HyperbandSettings {
  std::uint64_t min_resource = 1;
  std::uint64_t max_resource = 1;
  // Each rung is `reduction` times as far as the one before it.
  std::uint64_t reduction = 3;
  // Of `rivals` jobs that reach a rung one goes on. Fewer than `reduction`: the values of a few
  // epochs do not tell well which job will be the best at its end, and slow learners need the room.
  std::uint64_t rivals = 2;
};

// The emissions after which jobs are compared: min, min * reduction, ... below max.
std::vector<std::uint64_t> rungs(const HyperbandSettings& settings);

// For each job, whether it should be stopped now; only for running ones. A job is stopped when it
// is not among the best 1/rivals (rounded up) of all values, of running and of ended jobs alike,
// that stand at the latest rung it has reached, and when it has emitted max_resource times. Never
// before min_resource. Called after each emission; the answer depends only on the curves, so it may
// be asked again after a restart. `jobs` are in the order of their creation: of equal values the
// earlier wins.
std::vector<bool> jobs_to_stop(const HyperbandSettings& settings, std::span<const Curve> jobs);

}  // namespace clary::tuning
