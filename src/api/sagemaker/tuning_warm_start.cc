// A warm start's request held against its parents: the developer guide's "Run a Warm Start
// Hyperparameter Tuning Job".
#include <set>

#include "api/sagemaker/images.h"
#include "api/sagemaker/job_status.h"
#include "api/sagemaker/tuning_jobs.h"

namespace clary::api::sagemaker {
namespace {

constexpr int kMostChanges = 10;

// Names and kinds of what is tuned.
std::map<std::string, std::string> tuned_kinds(const json::object* ranges) {
  std::map<std::string, std::string> kinds;
  if (ranges == nullptr) return kinds;
  for (auto [member, kind] : {std::pair{"ContinuousParameterRanges", "continuous"},
                              {"IntegerParameterRanges", "integer"},
                              {"CategoricalParameterRanges", "categorical"}}) {
    const json::array* list = find_array(*ranges, member);
    if (list == nullptr) continue;
    for (const json::value& range : *list) kinds[string_or(range.as_object(), "Name")] = kind;
  }
  return kinds;
}

std::map<std::string, std::string> fixed_values(const json::object& definition) {
  std::map<std::string, std::string> values;
  if (const json::object* fixed = find_object(definition, "StaticHyperParameters")) {
    for (const auto& [name, value] : *fixed) values[name] = value.as_string();
  }
  return values;
}

void check_hyperparameters(const std::string& parent, const TuningDefinition& ours,
                           const TuningDefinition& theirs) {
  const auto new_kinds = tuned_kinds(ours.ranges), old_kinds = tuned_kinds(theirs.ranges);
  const auto new_fixed = fixed_values(*ours.body), old_fixed = fixed_values(*theirs.body);
  if (new_kinds.size() + new_fixed.size() != old_kinds.size() + old_fixed.size()) {
    fail_validation(
        "The number of static and tunable hyperparameters must be the same as in the "
        "parent tuning job [" +
        parent + "].");
  }
  int changes = 0;
  for (const auto& [name, kind] : new_kinds) {
    const auto before = old_kinds.find(name);
    if (before != old_kinds.end() && before->second != kind) {
      fail_validation("The hyperparameter [" + name + "] is " + kind +
                      ", and in the parent tuning job [" + parent + "] it is " + before->second +
                      ": the type of a hyperparameter must not change.");
    }
    if (before == old_kinds.end() && !old_fixed.contains(name)) {
      fail_validation("The hyperparameter [" + name + "] is not one of the parent tuning job [" +
                      parent + "].");
    }
  }
  for (const auto& [name, value] : new_fixed) {
    const auto before = old_fixed.find(name);
    if (old_kinds.contains(name) || (before != old_fixed.end() && before->second != value)) {
      ++changes;
    }
  }
  if (changes > kMostChanges) {
    fail_validation("At most " + std::to_string(kMostChanges) +
                    " hyperparameters can become static or change their static value from the "
                    "parent tuning job [" +
                    parent + "]; here these are " + std::to_string(changes) + ".");
  }
}

std::string repository_of(const TuningDefinition& definition) {
  const json::value* image = at_path(*definition.body, "AlgorithmSpecification.TrainingImage");
  const auto name = image == nullptr ? std::nullopt : parse_image(image->as_string());
  return name ? name->repository : std::string();
}

// Where data come from, without what completing a document adds.
json::object sources_of(const TuningDefinition& definition) {
  json::object sources;
  const json::array* channels = find_array(*definition.body, "InputDataConfig");
  if (channels == nullptr) return sources;
  for (const json::value& channel : *channels) {
    const json::value* uri = at_path(channel.as_object(), "DataSource.S3DataSource.S3Uri");
    sources[string_or(channel.as_object(), "ChannelName")] = uri == nullptr ? json::value() : *uri;
  }
  return sources;
}

void check_parent(const json::object& input, const store::Document& parent, bool identical) {
  const std::string& name = parent.key.name;
  if (!is_final_job_status(parent.status)) {
    fail_validation("The parent hyperparameter tuning job [" + name + "] is in status " +
                    parent.status + ": it must be Completed, Stopped or Failed.");
  }
  const auto theirs = tuning_definitions(parent.body);
  if (!find_object(parent.body, "TrainingJobDefinition")) {
    fail_validation("The parent hyperparameter tuning job [" + name +
                    "] has several training job definitions: a warm start needs a single one.");
  }
  const TuningDefinition ours = tuning_definitions(input).at(0);
  const TuningObjective mine = ours.target(), other = theirs.at(0).target();
  if (mine.metric != other.metric || mine.maximize != other.maximize) {
    fail_validation(
        "The objective metric must be the one of the parent hyperparameter tuning job "
        "[" +
        name + "], which is [" + other.metric + "].");
  }
  check_hyperparameters(name, ours, theirs.at(0));
  if (!identical) return;
  const bool same = repository_of(ours) == repository_of(theirs.at(0)) &&
                    sources_of(ours) == sources_of(theirs.at(0));
  if (!same) {
    fail_validation(
        "With IdenticalDataAndAlgorithm the input data and the training image must be "
        "those of the parent hyperparameter tuning job [" +
        name + "]: use TransferLearning for others.");
  }
}

}  // namespace

std::vector<WarmStartParent> check_warm_start(const json::object& input, Resources& resources,
                                              const Call& call) {
  std::vector<WarmStartParent> parents;
  const json::object* config = find_object(input, "WarmStartConfig");
  if (config == nullptr) return parents;
  const bool identical = string_or(*config, "WarmStartType") == "IdenticalDataAndAlgorithm";
  std::set<std::string> names;
  for (const json::value& entry : *find_array(*config, "ParentHyperParameterTuningJobs")) {
    const std::string name = string_or(entry.as_object(), "HyperParameterTuningJobName");
    if (name.empty()) {
      fail_validation("ParentHyperParameterTuningJobs needs a HyperParameterTuningJobName.");
    }
    if (!names.insert(name).second) {
      fail_validation("The parent hyperparameter tuning job [" + name + "] is given twice.");
    }
    const store::DocumentKey key = Resources::key_of(kind_named(kTuningKind), name, call);
    const auto parent = resources.documents().find_shared(key);
    if (parent == nullptr) {
      fail_validation("The parent hyperparameter tuning job [" + name + "] does not exist.");
    }
    check_parent(input, *parent, identical);
    parents.push_back({name, string_or(parent->internal, kTuningId)});
  }
  return parents;
}

}  // namespace clary::api::sagemaker
