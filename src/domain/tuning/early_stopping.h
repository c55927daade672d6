// TrainingJobEarlyStoppingType Auto: the median rule as the developer guide describes it
// (automatic-model-tuning-early-stopping: "how early stopping works").
#pragma once

#include <cstddef>
#include <span>

#include "domain/tuning/curve.h"

namespace clary::tuning {

// How many earlier jobs must have ended before any is stopped: AWS waits for some and does not say
// how many.
inline constexpr std::size_t kJobsBeforeStopping = 3;

// Whether a running job should be stopped after its latest emission e: its objective is worse than
// the median, over the `ended` jobs, of the mean of their objectives in epochs 1..e. An ended job
// with fewer than e epochs counts with the mean of those it has. False while fewer than
// kJobsBeforeStopping have ended with any emission. `ended` holds jobs that ran to their end;
// whether to pass also those stopped early is the caller's: they make the rule stricter.
bool stop_early(const Curve& job, std::span<const Curve> ended);

}  // namespace clary::tuning
