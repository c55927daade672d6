#include "api/sagemaker/tuning_search.h"

#include "api/sagemaker/resources.h"
#include "domain/tuning/bayesian.h"
#include "domain/tuning/completion.h"
#include "domain/tuning/early_stopping.h"
#include "domain/tuning/grid_search.h"
#include "domain/tuning/hyperband.h"
#include "domain/tuning/importance.h"
#include "domain/tuning/parameter_ranges.h"
#include "domain/tuning/random_search.h"

namespace clary::api::sagemaker {
namespace {

using tuning::Space;

// Without MaxResource no job is stopped for its length: rungs that none reaches cost nothing.
constexpr std::int64_t kNoMaxResource = std::int64_t{1} << 30;

template <class T>
T taken(tuning::Checked<T> checked) {
  if (!checked) fail_validation(checked.error());
  return std::move(*checked);
}

Space space_of(const json::object& ranges) {
  return taken(tuning::space_of_ranges(ranges));
}

// Nullopt when a value is missing or none of its kind: parents may have had other ranges.
std::optional<tuning::Point> point_of(const Space& space,
                                      const std::map<std::string, std::string>& texts) {
  tuning::Point point;
  for (std::size_t i = 0; i < space.size(); ++i) {
    const auto text = texts.find(space.parameters()[i].name);
    if (text == texts.end()) return std::nullopt;
    auto value = space.value_from_text(i, text->second);
    if (!value) return std::nullopt;
    point.push_back(std::move(*value));
  }
  return point;
}

tuning::Observation observation_of(tuning::Point point, const Trial& trial) {
  tuning::Observation observation{.point = std::move(point)};
  if (!trial.counts()) {
    observation.outcome = tuning::Outcome::kFailed;
    return observation;
  }
  observation.objective = trial.target.maximize ? -*trial.objective : *trial.objective;
  if (trial.status == "Stopped") observation.outcome = tuning::Outcome::kStoppedEarly;
  return observation;
}

// Those of the definition, ended ones in the order of their ends.
struct Sorted {
  std::vector<const Trial*> ended, running;
};

Sorted sorted(const std::vector<Trial>& trials, const std::string* definition) {
  Sorted all;
  for (const Trial& trial : trials) {
    if (definition != nullptr && trial.definition != *definition) continue;
    (trial.final() ? all.ended : all.running).push_back(&trial);
  }
  std::ranges::sort(all.ended, {}, [](const Trial* trial) {
    return std::pair(trial->ended.value_or(trial->created), trial->index);
  });
  return all;
}

tuning::History history_of(const Space& space, const Sorted& trials,
                           const std::vector<PriorTrial>& priors, const json::object& body) {
  tuning::History history;
  for (const Trial* trial : trials.ended) {
    if (auto point = point_of(space, trial->tuned)) {
      history.observations.push_back(observation_of(std::move(*point), *trial));
    }
  }
  for (const Trial* trial : trials.running) {
    if (auto point = point_of(space, trial->tuned)) history.pending.push_back(std::move(*point));
  }
  const json::value* type = at_path(body, "WarmStartConfig.WarmStartType");
  const bool identical = type != nullptr && *type == "IdenticalDataAndAlgorithm";
  for (const PriorTrial& prior : priors) {
    auto point = point_of(space, prior.hyperparameters);
    if (!point) continue;
    history.prior.push_back(
        {.observation = observation_of(std::move(*point), prior.trial),
         .kind = identical ? tuning::WarmStart::kIdentical : tuning::WarmStart::kTransfer,
         .parent = prior.parent});
  }
  return history;
}

// Definitions search apart from each other (FNV-1a of the name).
std::uint64_t seed_for(std::uint64_t seed, const std::string& definition) {
  std::uint64_t hash = seed;
  for (const char c : definition) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  }
  return hash;
}

std::vector<tuning::Point> points_of(const tuning::History& history) {
  std::vector<tuning::Point> points = history.pending;
  for (const tuning::Observation& known : history.observations) points.push_back(known.point);
  return points;
}

tuning::Curve curve_of(const Trial& trial, const std::map<std::string, Curve>& curves) {
  tuning::Curve curve{.values = {}, .running = !trial.final()};
  const auto found = curves.find(trial.name);
  if (found == curves.end()) return curve;
  curve.values = found->second;
  if (trial.target.maximize) {
    for (double& value : curve.values) value = -value;
  }
  return curve;
}

bool is_hyperband(const json::object& body) {
  return tuning_strategy(body) == "Hyperband";
}

tuning::HyperbandSettings hyperband_settings(const json::object& body) {
  const json::value* given = at_path(tuning_config(body), "StrategyConfig.HyperbandStrategyConfig");
  const json::object none;
  const json::object& config = given == nullptr ? none : given->as_object();
  const std::int64_t least = find_int(config, "MinResource").value_or(1);
  const std::int64_t most = find_int(config, "MaxResource").value_or(kNoMaxResource);
  return {.min_resource = static_cast<std::uint64_t>(least),
          .max_resource = static_cast<std::uint64_t>(std::max(least, most))};
}

std::vector<std::string> hyperband_stops(const SearchKnowledge& known) {
  std::vector<const Trial*> trials;
  std::vector<tuning::Curve> curves;
  for (const Trial& trial : known.trials) {
    if (trial.definition != known.definition.name) continue;
    trials.push_back(&trial);
    curves.push_back(curve_of(trial, known.curves));
    curves.back().running = trial.status == "InProgress";
  }
  const std::vector<bool> stop = tuning::jobs_to_stop(hyperband_settings(known.body), curves);
  std::vector<std::string> names;
  for (std::size_t i = 0; i < trials.size(); ++i) {
    if (stop[i]) names.push_back(trials[i]->name);
  }
  return names;
}

std::vector<std::string> median_stops(const SearchKnowledge& known) {
  std::vector<tuning::Curve> ended;
  for (const Trial& trial : known.trials) {
    if (trial.status == "Completed") ended.push_back(curve_of(trial, known.curves));
  }
  std::vector<std::string> names;
  for (const Trial& trial : known.trials) {
    if (trial.status != "InProgress") continue;
    const tuning::Curve curve = curve_of(trial, known.curves);
    if (!curve.values.empty() && tuning::stop_early(curve, ended)) names.push_back(trial.name);
  }
  return names;
}

}  // namespace

void check_search_space(const json::object& ranges) {
  space_of(ranges);
}

std::int64_t grid_size_of(const json::object& body) {
  const auto most = static_cast<std::uint64_t>(most_training_jobs("Grid"));
  std::uint64_t size = 0;
  for (const TuningDefinition& definition : tuning_definitions(body)) {
    size += taken(tuning::grid_size(space_of(*definition.ranges), most));
  }
  if (size > most) {
    fail_validation("The grids of all training job definitions have " + std::to_string(size) +
                    " combinations, and a tuning job can have at most " + std::to_string(most) +
                    " training jobs.");
  }
  return static_cast<std::int64_t>(size);
}

std::optional<std::map<std::string, std::string>> suggest_hyperparameters(
    const SearchKnowledge& known) {
  const Space space = space_of(*known.definition.ranges);
  const Sorted trials = sorted(known.trials, &known.definition.name);
  const std::uint64_t index = trials.ended.size() + trials.running.size();
  // Every point has had its job: another would repeat one.
  if (space.count() && index >= *space.count()) return std::nullopt;
  const std::uint64_t seed = seed_for(known.seed, known.definition.name);
  const std::string strategy = tuning_strategy(known.body);
  tuning::Point point;
  if (strategy == "Grid") {
    point = tuning::grid_point(space, seed, index);
  } else {
    const tuning::History history = history_of(space, trials, known.priors, known.body);
    if (strategy == "Bayesian") {
      point = tuning::suggest(space, history, seed, index);
    } else {
      point = space.count() ? tuning::random_point(space, seed, index, points_of(history))
                            : tuning::random_point(space, seed, index);
    }
  }
  std::map<std::string, std::string> chosen;
  for (std::size_t i = 0; i < space.size(); ++i) {
    chosen[space.parameters()[i].name] = tuning::to_text(point.at(i));
  }
  return chosen;
}

bool follows_curves(const json::object& body) {
  return is_hyperband(body) ||
         string_or(tuning_config(body), "TrainingJobEarlyStoppingType") == "Auto";
}

std::vector<std::string> jobs_to_stop(const SearchKnowledge& known) {
  return is_hyperband(known.body) ? hyperband_stops(known) : median_stops(known);
}

SearchProgress search_progress(const json::object& body, std::uint64_t seed,
                               const std::vector<Trial>& trials,
                               const std::vector<PriorTrial>& priors) {
  SearchProgress progress;
  std::vector<tuning::Observation> observations;
  const Sorted all = sorted(trials, nullptr);
  for (const Trial* trial : all.ended) observations.push_back(observation_of({}, *trial));
  progress.not_improving = static_cast<std::int64_t>(tuning::jobs_not_improving(observations));
  const json::object* criteria = find_object(tuning_config(body), "TuningJobCompletionCriteria");
  if (criteria == nullptr || trials.empty()) return progress;
  if (const auto target = find_double(*criteria, "TargetObjectiveMetricValue")) {
    const bool maximize = trials.front().target.maximize;
    progress.target_reached = tuning::target_reached(observations, maximize ? -*target : *target);
  }
  const json::value* ends = at_path(*criteria, "ConvergenceDetected.CompleteOnConvergence");
  if (ends == nullptr || *ends != "Enabled") return progress;
  const auto definitions = tuning_definitions(body);
  progress.converged = std::ranges::all_of(definitions, [&](const TuningDefinition& definition) {
    const Space space = space_of(*definition.ranges);
    return tuning::converged(space,
                             history_of(space, sorted(trials, &definition.name), priors, body),
                             seed_for(seed, definition.name));
  });
  return progress;
}

std::map<std::string, double> hyperparameter_importance(const json::object& body,
                                                        std::uint64_t seed,
                                                        const std::vector<Trial>& trials) {
  std::map<std::string, double> shares;
  const std::vector<TuningDefinition> definitions = tuning_definitions(body);
  if (definitions.size() != 1 || definitions.front().ranges == nullptr) return shares;
  const Space space = space_of(*definitions.front().ranges);
  tuning::History history = history_of(space, sorted(trials, nullptr), {}, body);
  history.pending.clear();
  const std::vector<double> found = tuning::importance(space, history, seed);
  if (std::ranges::all_of(found, [](double share) { return share <= 0; })) return shares;
  for (std::size_t i = 0; i < found.size(); ++i) shares[space.parameters()[i].name] = found[i];
  return shares;
}

}  // namespace clary::api::sagemaker
