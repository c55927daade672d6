// Between training jobs and the search of domain/tuning: texts of the API become points of a space,
// and suggestions texts.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "api/sagemaker/tuning_trials.h"

namespace clary::api::sagemaker {

// Values of the objective, in the order in which a training job gave them.
using Curve = std::vector<double>;

// A training job of a warm start's parent: every hyperparameter that it had.
struct PriorTrial {
  std::size_t parent = 0;  // which of them
  std::map<std::string, std::string> hyperparameters;
  Trial trial;
};

// What is known when a suggestion is asked for. All outlive the call.
struct SearchKnowledge {
  const json::object& body;  // the tuning job's
  const TuningDefinition& definition;
  std::uint64_t seed = 0;
  const std::vector<Trial>& trials;  // by index; those of other definitions are passed over
  const std::vector<PriorTrial>& priors;
  const std::map<std::string, Curve>& curves;  // by training job
};

// Throws ValidationException when the ranges are none to search in.
void check_search_space(const json::object& ranges);
// How many training jobs a grid has. Throws ValidationException for ranges that are no grid, or one
// that is larger than a tuning job may be.
std::int64_t grid_size_of(const json::object& body);
// The hyperparameters of the next training job; nullopt when every combination has had its job.
std::optional<std::map<std::string, std::string>> suggest_hyperparameters(
    const SearchKnowledge& known);
// Running training jobs that are not worth their time: Hyperband's rungs, or the median rule.
std::vector<std::string> jobs_to_stop(const SearchKnowledge& known);

// How far the search has come, by the completion criteria.
struct SearchProgress {
  bool target_reached = false;
  std::int64_t not_improving = 0;  // training jobs since the best got better by more than 1 %
  bool converged = false;
};
// Convergence costs as much as a suggestion and is looked for only when the job is to end with it.
SearchProgress search_progress(const json::object& body, std::uint64_t seed,
                               const std::vector<Trial>& trials,
                               const std::vector<PriorTrial>& priors);

// What share each hyperparameter has in how the objective varies, by the training jobs that ended;
// empty while they are too few to say, and for a job whose definitions have spaces of their own.
// Costs as much as a suggestion.
std::map<std::string, double> hyperparameter_importance(const json::object& body,
                                                        std::uint64_t seed,
                                                        const std::vector<Trial>& trials);

// Whether the strategy looks at the values that running jobs give.
bool follows_curves(const json::object& body);

}  // namespace clary::api::sagemaker
