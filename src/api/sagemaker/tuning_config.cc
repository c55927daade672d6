#include "api/sagemaker/tuning_config.h"

#include "api/sagemaker/resources.h"

namespace clary::api::sagemaker {
namespace {

// What CreateTrainingJob takes as the definition has it.
constexpr std::string_view kSameMembers[] = {"RoleArn",
                                             "InputDataConfig",
                                             "VpcConfig",
                                             "OutputDataConfig",
                                             "StoppingCondition",
                                             "EnableNetworkIsolation",
                                             "EnableInterContainerTrafficEncryption",
                                             "EnableManagedSpotTraining",
                                             "RetryStrategy",
                                             "Environment",
                                             "AlgorithmSpecification"};

void put_ranges(const json::object& ranges, std::string_view member,
                std::vector<const json::object*>& all) {
  const json::array* list = find_array(ranges, member);
  if (list == nullptr) return;
  for (const json::value& range : *list) all.push_back(&range.as_object());
}

}  // namespace

TuningObjective TuningDefinition::target() const {
  if (objective == nullptr) return {};
  return {.maximize = string_or(*objective, "Type") == "Maximize",
          .metric = string_or(*objective, "MetricName")};
}

const json::object& tuning_config(const json::object& body) {
  return body.at("HyperParameterTuningJobConfig").as_object();
}

std::string tuning_strategy(const json::object& body) {
  return string_or(tuning_config(body), "Strategy");
}

std::vector<TuningDefinition> tuning_definitions(const json::object& body) {
  const json::object& config = tuning_config(body);
  std::vector<TuningDefinition> all;
  const auto add = [&](const json::object& definition) {
    const json::object* ranges = find_object(definition, "HyperParameterRanges");
    const json::object* objective = find_object(definition, "TuningObjective");
    if (ranges == nullptr) ranges = find_object(config, "ParameterRanges");
    if (objective == nullptr) objective = find_object(config, "HyperParameterTuningJobObjective");
    all.push_back({.name = string_or(definition, "DefinitionName"),
                   .body = &definition,
                   .ranges = ranges,
                   .objective = objective});
  };
  if (const json::object* one = find_object(body, "TrainingJobDefinition")) add(*one);
  if (const json::array* several = find_array(body, "TrainingJobDefinitions")) {
    for (const json::value& definition : *several) add(definition.as_object());
  }
  return all;
}

TuningLimits tuning_limits(const json::object& body) {
  TuningLimits limits;
  const json::object* given = find_object(tuning_config(body), "ResourceLimits");
  if (given == nullptr) return limits;
  limits.jobs = find_int(*given, "MaxNumberOfTrainingJobs").value_or(0);
  limits.parallel = find_int(*given, "MaxParallelTrainingJobs").value_or(1);
  if (const auto seconds = find_int(*given, "MaxRuntimeInSeconds")) {
    limits.runtime = std::chrono::seconds(*seconds);
  }
  return limits;
}

// The quotas of AWS's general reference, of which Random's is the only one that can be raised.
std::int64_t most_training_jobs(std::string_view strategy) {
  return strategy == "Random" ? 10000 : 750;
}

std::vector<const json::object*> numeric_ranges(const json::object& ranges) {
  std::vector<const json::object*> all;
  put_ranges(ranges, "ContinuousParameterRanges", all);
  put_ranges(ranges, "IntegerParameterRanges", all);
  return all;
}

std::vector<const json::object*> categorical_ranges(const json::object& ranges) {
  std::vector<const json::object*> all;
  put_ranges(ranges, "CategoricalParameterRanges", all);
  return all;
}

std::vector<std::string> range_names(const json::object* ranges) {
  std::vector<std::string> names;
  if (ranges == nullptr) return names;
  for (const auto* range : numeric_ranges(*ranges)) names.push_back(string_or(*range, "Name"));
  for (const auto* range : categorical_ranges(*ranges)) names.push_back(string_or(*range, "Name"));
  return names;
}

std::vector<json::object> tuning_resources(const json::object& definition) {
  const json::object* flexible = find_object(definition, "HyperParameterTuningResourceConfig");
  if (flexible == nullptr) {
    const json::object* plain = find_object(definition, "ResourceConfig");
    return plain == nullptr ? std::vector<json::object>() : std::vector{*plain};
  }
  const auto resources = [&](const json::object& from) {
    json::object resource;
    for (auto member : {"InstanceType", "InstanceCount", "VolumeSizeInGB"}) {
      if (const json::value* value = from.if_contains(member)) resource[member] = *value;
    }
    if (auto key = find_string(*flexible, "VolumeKmsKeyId")) resource["VolumeKmsKeyId"] = *key;
    return resource;
  };
  const json::array* pool = find_array(*flexible, "InstanceConfigs");
  if (pool == nullptr) return {resources(*flexible)};
  std::vector<json::object> all;
  for (const json::value& entry : *pool) all.push_back(resources(entry.as_object()));
  return all;
}

json::object training_request(const TuningDefinition& definition, const json::object& resources,
                              const std::string& name,
                              const std::map<std::string, std::string>& chosen) {
  json::object request = {{"TrainingJobName", name}, {"ResourceConfig", resources}};
  for (std::string_view member : kSameMembers) {
    if (const json::value* value = definition.body->if_contains(member)) request[member] = *value;
  }
  if (const json::object* checkpoints = find_object(*definition.body, "CheckpointConfig")) {
    // Jobs with other hyperparameters must not go on from each other's checkpoints.
    json::object own = *checkpoints;
    std::string uri = string_or(own, "S3Uri");
    if (!uri.ends_with('/')) uri += '/';
    own["S3Uri"] = uri + name;
    request["CheckpointConfig"] = std::move(own);
  }
  json::object hyperparameters;
  if (const json::object* fixed = find_object(*definition.body, "StaticHyperParameters")) {
    hyperparameters = *fixed;
  }
  for (const auto& [key, value] : chosen) hyperparameters[key] = value;
  hyperparameters[kObjectiveParameter] = definition.target().metric;
  request["HyperParameters"] = std::move(hyperparameters);
  return request;
}

json::object stored_caller(const identity::Principal& principal) {
  return {{"kind", static_cast<int>(principal.kind)},
          {"owner", principal.owner},
          {"account", principal.account},
          {"arn", principal.arn},
          {"user_id", principal.user_id},
          {"name", principal.name}};
}

identity::Principal caller_from(const json::object& stored) {
  identity::Principal principal;
  principal.kind = static_cast<identity::Principal::Kind>(find_int(stored, "kind").value_or(0));
  principal.owner = find_bool(stored, "owner").value_or(false);
  principal.account = string_or(stored, "account");
  principal.arn = string_or(stored, "arn");
  principal.user_id = string_or(stored, "user_id");
  principal.name = string_or(stored, "name");
  return principal;
}

}  // namespace clary::api::sagemaker
