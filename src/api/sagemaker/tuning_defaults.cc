// What a tuning job's request leaves to the service: Autotune's choices, and the members that
// Describe always shows (both SageMaker SDKs read them).
#include <charconv>
#include <cmath>

#include "api/sagemaker/images.h"
#include "api/sagemaker/resources.h"
#include "api/sagemaker/tuning_jobs.h"
#include "base/text.h"

namespace clary::api::sagemaker {
namespace {

json::object& object_in(json::object& object, std::string_view member) {
  json::value& value = object[member];
  if (!value.is_object()) value = json::object();
  return value.get_object();
}

json::array& array_in(json::object& object, std::string_view member) {
  json::value& value = object[member];
  if (!value.is_array()) value = json::array();
  return value.get_array();
}

// Shortest text that reads back as the same number.
std::string number_text(double value) {
  char text[64];
  const auto end = std::to_chars(text, text + sizeof(text), value).ptr;
  return {text, end};
}

struct KnownRange {
  std::string_view name, least, most;
  bool whole, logarithmic;
};

// The ranges that AWS recommends for XGBoost (page "Tune an XGBoost Model") of the hyperparameters
// that it says matter most.
constexpr KnownRange kXgboost[] = {
    {"eta", "0.01", "0.5", false, true},           {"alpha", "0.001", "1000", false, true},
    {"min_child_weight", "1", "120", false, true}, {"subsample", "0.5", "1", false, false},
    {"max_depth", "2", "10", true, false},         {"num_round", "10", "400", true, true}};

void add_range(json::object& ranges, const KnownRange& range) {
  json::array& list =
      array_in(ranges, range.whole ? "IntegerParameterRanges" : "ContinuousParameterRanges");
  list.push_back({{"Name", range.name},
                  {"MinValue", range.least},
                  {"MaxValue", range.most},
                  {"ScalingType", range.logarithmic ? "Logarithmic" : "Linear"}});
}

const KnownRange* known_range(bool xgboost, std::string_view name) {
  for (const KnownRange& range : kXgboost) {
    if (xgboost && range.name == name) return &range;
  }
  return nullptr;
}

// A range around an example: a tenth to ten times a positive number with logarithmic scaling, the
// same distance to both sides of others, both values of a flag. False for what has no neighbours.
bool add_around(json::object& ranges, const std::string& name, const std::string& hint) {
  const std::string lower = to_lower(hint);
  for (auto flag : {std::pair{"true", "false"}, {"yes", "no"}}) {
    if (lower != flag.first && lower != flag.second) continue;
    const bool capital = hint.front() != lower.front();
    const auto word = [&](std::string text) {
      if (capital) text.front() = static_cast<char>(text.front() - 'a' + 'A');
      return text;
    };
    array_in(ranges, "CategoricalParameterRanges")
        .push_back({{"Name", name}, {"Values", {word(flag.first), word(flag.second)}}});
    return true;
  }
  double value = 0;
  const auto parsed = std::from_chars(hint.data(), hint.data() + hint.size(), value);
  if (parsed.ec != std::errc() || parsed.ptr != hint.data() + hint.size() ||
      !std::isfinite(value) || std::abs(value) > 1e15) {
    return false;
  }
  const bool whole = hint.find_first_of(".eE") == std::string::npos;
  double least = value > 0 ? value / 10 : value - std::max(1.0, std::abs(value));
  double most = value > 0 ? value * 10 : value + std::max(1.0, std::abs(value));
  if (whole) {
    least = value > 0 ? std::max(1.0, std::floor(least)) : least;
  } else if (value > 0 && value < 1) {
    most = std::min(most, 0.999);  // shares and probabilities stay such
  }
  json::array& list =
      array_in(ranges, whole ? "IntegerParameterRanges" : "ContinuousParameterRanges");
  const auto text = [whole](double number) {
    return whole ? std::to_string(std::llround(number)) : number_text(number);
  };
  list.push_back({{"Name", name},
                  {"MinValue", text(least)},
                  {"MaxValue", text(most)},
                  {"ScalingType", value > 0 ? "Logarithmic" : "Linear"}});
  return true;
}

// AutoParameters become ranges, or static where no range can be made of the example.
void choose_ranges(json::object& definition, json::object& ranges) {
  const json::object& algorithm = definition.at("AlgorithmSpecification").as_object();
  const NativeAlgorithm* native = native_algorithm(string_or(algorithm, "TrainingImage"));
  const bool script = at_path(definition, "StaticHyperParameters.sagemaker_program") != nullptr;
  const bool xgboost = !script && native != nullptr && native->name == "xgboost";
  json::object& fixed = object_in(definition, "StaticHyperParameters");
  if (const json::array* hints = find_array(ranges, "AutoParameters")) {
    const json::array copy = *hints;
    for (const json::value& entry : copy) {
      const std::string name = string_or(entry.as_object(), "Name");
      const std::string hint = string_or(entry.as_object(), "ValueHint");
      if (const KnownRange* range = known_range(xgboost, name)) {
        add_range(ranges, *range);
      } else if (!add_around(ranges, name, hint)) {
        fixed[name] = hint;
      }
    }
  }
  if (!range_names(&ranges).empty()) return;
  if (!xgboost) {
    fail_validation(
        "Autotune cannot choose hyperparameter ranges for this training image by itself: give "
        "AutoParameters with an example of each value, or ranges.");
  }
  for (const KnownRange& range : kXgboost) {
    if (!fixed.contains(range.name)) add_range(ranges, range);
  }
}

bool autotuned(const json::object& input) {
  return at_path(input, "Autotune.Mode") != nullptr;
}

// Where the ranges of a definition stand.
json::object& ranges_in(json::object& input, json::object& definition) {
  const bool several = input.contains("TrainingJobDefinitions");
  if (several || definition.contains("HyperParameterRanges")) {
    return object_in(definition, "HyperParameterRanges");
  }
  return object_in(input.at("HyperParameterTuningJobConfig").as_object(), "ParameterRanges");
}

template <class Visit>
void for_each_definition(json::object& input, const Visit& visit) {
  if (json::value* one = input.if_contains("TrainingJobDefinition")) visit(one->as_object());
  if (json::value* several = input.if_contains("TrainingJobDefinitions")) {
    for (json::value& definition : several->as_array()) visit(definition.as_object());
  }
}

// As many jobs as it takes to look at every hyperparameter, within what AWS's guide calls usual.
void choose_limits(json::object& input, std::size_t dimensions) {
  json::object& config = input.at("HyperParameterTuningJobConfig").as_object();
  json::object& limits = object_in(config, "ResourceLimits");
  const bool grid = string_or(config, "Strategy") == "Grid";
  if (!limits.contains("MaxNumberOfTrainingJobs") && !grid) {
    limits["MaxNumberOfTrainingJobs"] = std::clamp<std::size_t>(20 * dimensions, 50, 200);
  }
  const bool one = input.contains("TrainingJobDefinition");
  if (one && string_or(config, "Strategy") != "Hyperband") {
    config.emplace("TrainingJobEarlyStoppingType", "Auto");
  }
  json::object& criteria = object_in(config, "TuningJobCompletionCriteria");
  if (!grid)
    criteria.emplace("ConvergenceDetected", json::object{{"CompleteOnConvergence", "Enabled"}});
  for_each_definition(input, [](json::object& definition) {
    definition.emplace("RetryStrategy", json::object{{"MaximumRetryAttempts", 3}});
  });
}

void complete_definition(json::object& definition, const TuningObjective& target) {
  object_in(definition, "StaticHyperParameters")[kObjectiveParameter] = target.metric;
  object_in(definition, "OutputDataConfig").emplace("KmsKeyId", "");
  for (auto flag : {"EnableNetworkIsolation", "EnableInterContainerTrafficEncryption",
                    "EnableManagedSpotTraining"}) {
    definition.emplace(flag, false);
  }
}

}  // namespace

void complete_tuning_request(json::object& input) {
  json::object& config = input.at("HyperParameterTuningJobConfig").as_object();
  const bool autotune = autotuned(input);
  std::size_t dimensions = 0;
  for_each_definition(input, [&](json::object& definition) {
    json::object& ranges = ranges_in(input, definition);
    const json::array* hints = find_array(ranges, "AutoParameters");
    if (!autotune && hints != nullptr && !hints->empty()) {
      fail_validation("AutoParameters can be specified only when Autotune is Enabled.");
    }
    if (autotune) choose_ranges(definition, ranges);
    for (auto member : {"IntegerParameterRanges", "ContinuousParameterRanges"}) {
      for (json::value& range : array_in(ranges, member)) {
        range.as_object().emplace("ScalingType", "Auto");
      }
    }
    array_in(ranges, "CategoricalParameterRanges");
    dimensions = std::max(dimensions, range_names(&ranges).size());
  });
  if (autotune) choose_limits(input, dimensions);
  config.emplace("TrainingJobEarlyStoppingType", "Off");
  const auto definitions = tuning_definitions(input);
  std::size_t next = 0;
  std::vector<TuningObjective> targets;
  for (const TuningDefinition& definition : definitions) targets.push_back(definition.target());
  for_each_definition(input, [&](json::object& definition) {
    complete_definition(definition, targets.at(next++));
  });
}

}  // namespace clary::api::sagemaker
