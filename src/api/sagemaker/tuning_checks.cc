// What CreateHyperParameterTuningJob refuses beyond the service model's constraints: the developer
// guide's pages on limits, ranges, strategies and several algorithms, and the API reference.
#include <algorithm>
#include <set>

#include "api/sagemaker/images.h"
#include "api/sagemaker/resources.h"
#include "api/sagemaker/training_document.h"
#include "api/sagemaker/tuning_jobs.h"
#include "api/sagemaker/tuning_search.h"

namespace clary::api::sagemaker {
namespace {

constexpr std::size_t kMostHyperparameters = 100;
constexpr std::int64_t kMostParallel = 100;

std::string quoted_list(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return "[" + text + "]";
}

[[noreturn]] void exceeded(const std::string& quota, std::int64_t limit, std::int64_t wanted) {
  throw wire::ApiError("ResourceLimitExceeded", "The account-level service limit '" + quota +
                                                    "' is " + std::to_string(limit) +
                                                    ", with current utilization of 0 and a request "
                                                    "delta of " +
                                                    std::to_string(wanted) + ".");
}

// Which of the two ways of giving definitions the request took, and that it took it whole.
void check_form(const json::object& input) {
  const bool one = input.contains("TrainingJobDefinition");
  const bool several = input.contains("TrainingJobDefinitions");
  if (one == several) {
    fail_validation(
        "Exactly one of TrainingJobDefinition and TrainingJobDefinitions must be specified.");
  }
  const json::object& config = tuning_config(input);
  if (one) return;
  for (auto member : {"ParameterRanges", "HyperParameterTuningJobObjective"}) {
    if (config.contains(member)) {
      fail_validation(std::string(member) +
                      " must be specified within each of TrainingJobDefinitions, not in "
                      "HyperParameterTuningJobConfig.");
    }
  }
  std::set<std::string> names;
  for (const TuningDefinition& definition : tuning_definitions(input)) {
    if (definition.name.empty()) {
      fail_validation("Each of TrainingJobDefinitions must have a DefinitionName.");
    }
    if (!names.insert(definition.name).second) {
      fail_validation("DefinitionName must be unique within TrainingJobDefinitions: \"" +
                      definition.name + "\" is given twice.");
    }
  }
  const auto definitions = tuning_definitions(input);
  const bool alike = std::ranges::all_of(definitions, [&](const TuningDefinition& definition) {
    return definition.target().maximize == definitions.front().target().maximize;
  });
  if (!alike) {
    fail_validation(
        "The Type of TuningObjective must be the same in each of TrainingJobDefinitions.");
  }
  if (input.contains("WarmStartConfig")) {
    fail_validation("WarmStartConfig is available only for a single TrainingJobDefinition.");
  }
  if (string_or(config, "TrainingJobEarlyStoppingType") == "Auto") {
    fail_validation(
        "TrainingJobEarlyStoppingType Auto is available only for a single TrainingJobDefinition.");
  }
}

void check_hyperband(const json::object& config, bool is_hyperband) {
  const json::value* band = at_path(config, "StrategyConfig.HyperbandStrategyConfig");
  if (!is_hyperband) {
    if (band != nullptr) {
      fail_validation("HyperbandStrategyConfig can be specified only when Strategy is Hyperband.");
    }
    return;
  }
  if (string_or(config, "TrainingJobEarlyStoppingType") == "Auto") {
    fail_validation(
        "TrainingJobEarlyStoppingType must be Off when Strategy is Hyperband, which stops training "
        "jobs by itself.");
  }
  if (band == nullptr || !band->is_object()) return;
  const auto least = find_int(band->get_object(), "MinResource");
  const auto most = find_int(band->get_object(), "MaxResource");
  if (least && most && *least > *most) {
    fail_validation("MinResource must be less than or equal to MaxResource.");
  }
}

void check_grid(const json::object& input) {
  const std::int64_t size = grid_size_of(input);
  const std::int64_t jobs = tuning_limits(input).jobs;
  if (jobs != 0 && jobs != size) {
    fail_validation(
        "MaxNumberOfTrainingJobs is " + std::to_string(jobs) + ", and the grid has " +
        std::to_string(size) +
        " combinations: with the Strategy Grid it must be that number, or be left out.");
  }
}

void check_limits(const json::object& input) {
  const json::object& config = tuning_config(input);
  const std::string strategy = string_or(config, "Strategy");
  const TuningLimits limits = tuning_limits(input);
  const std::int64_t most = most_training_jobs(strategy);
  if (limits.jobs > most) {
    exceeded("Maximum number of training jobs per hyperparameter tuning job", most, limits.jobs);
  }
  if (limits.parallel > kMostParallel) {
    exceeded("Maximum number of parallel training jobs per hyperparameter tuning job",
             kMostParallel, limits.parallel);
  }
  const json::object* criteria = find_object(config, "TuningJobCompletionCriteria");
  const bool ends = limits.jobs > 0 || limits.runtime || strategy == "Grid" ||
                    (criteria != nullptr && !criteria->empty());
  if (!ends) {
    fail_validation(
        "MaxNumberOfTrainingJobs must be specified unless MaxRuntimeInSeconds or "
        "TuningJobCompletionCriteria end the tuning job.");
  }
}

void check_ranges(const TuningDefinition& definition) {
  const std::vector<std::string> names = range_names(definition.ranges);
  if (names.empty()) {
    fail_validation(
        "At least one hyperparameter range must be specified: an integer, continuous or "
        "categorical one.");
  }
  const json::object* fixed = find_object(*definition.body, "StaticHyperParameters");
  for (const std::string& name : names) {
    if (name.empty()) fail_validation("The name of a hyperparameter range must not be empty.");
    if (fixed != nullptr && fixed->contains(name)) {
      fail_validation("The hyperparameter [" + name +
                      "] is both static and tunable: it can be only one of them.");
    }
  }
  const std::size_t all = names.size() + (fixed == nullptr ? 0 : fixed->size());
  if (all > kMostHyperparameters) {
    fail_validation("A training job has at most " + std::to_string(kMostHyperparameters) +
                    " hyperparameters, and the static and tunable ones together are " +
                    std::to_string(all) + ", with " + std::string(kObjectiveParameter) + ".");
  }
  check_search_space(*definition.ranges);
}

// The metric must be one that the training jobs give.
void check_objective(const TuningDefinition& definition) {
  if (definition.objective == nullptr) {
    fail_validation(
        "A HyperParameterTuningJobObjective must be specified for the tuning job, or a "
        "TuningObjective in each of TrainingJobDefinitions.");
  }
  const std::string metric = definition.target().metric;
  const json::object& algorithm = definition.body->at("AlgorithmSpecification").as_object();
  const bool script = at_path(*definition.body, "StaticHyperParameters.sagemaker_program");
  const NativeAlgorithm* native =
      script ? nullptr : native_algorithm(string_or(algorithm, "TrainingImage"));
  const json::array* metrics = find_array(algorithm, "MetricDefinitions");
  if (metrics == nullptr && native != nullptr) metrics = &native->metric_definitions;
  const bool known = metrics != nullptr && std::ranges::any_of(*metrics, [&](const auto& entry) {
                       return string_or(entry.as_object(), "Name") == metric;
                     });
  if (known) return;
  if (native != nullptr) {
    std::vector<std::string> names;
    for (const engine::MetricPattern& pattern : native->metrics) names.push_back(pattern.name);
    fail_validation("The objective metric for the hyperparameter tuning job, [" + metric +
                    "], isn't valid for the " + string_or(algorithm, "TrainingImage") +
                    " algorithm. Choose a valid objective metric: " + quoted_list(names) + ".");
  }
  fail_validation(
      "A metric is required for this hyperparameter tuning job objective. Provide a metric in the "
      "metric definitions: [" +
      metric + "] is not among them.");
}

void check_pool(const TuningDefinition& definition) {
  const json::object* flexible =
      find_object(*definition.body, "HyperParameterTuningResourceConfig");
  if (flexible == nullptr) {
    if (!definition.body->contains("ResourceConfig")) {
      fail_validation(
          "ResourceConfig or HyperParameterTuningResourceConfig must be specified in the training "
          "job definition.");
    }
    return;
  }
  const bool pool = flexible->contains("InstanceConfigs");
  const bool type = flexible->contains("InstanceType"), count = flexible->contains("InstanceCount");
  const bool volume = flexible->contains("VolumeSizeInGB");
  if (pool ? type || count || volume : !type || !count) {
    fail_validation(
        "HyperParameterTuningResourceConfig must specify either InstanceConfigs, or InstanceType, "
        "InstanceCount and VolumeSizeInGB.");
  }
  if (pool != flexible->contains("AllocationStrategy")) {
    fail_validation(
        "HyperParameterTuningResourceConfig must specify AllocationStrategy with InstanceConfigs, "
        "and only with it.");
  }
}

}  // namespace

void check_tuning_request(const json::object& input) {
  check_form(input);
  const json::object& config = tuning_config(input);
  const std::string strategy = string_or(config, "Strategy");
  check_hyperband(config, strategy == "Hyperband");
  for (const TuningDefinition& definition : tuning_definitions(input)) {
    check_objective(definition);
    check_ranges(definition);
    check_pool(definition);
  }
  if (strategy == "Grid") check_grid(input);
  check_limits(input);
}

}  // namespace clary::api::sagemaker
