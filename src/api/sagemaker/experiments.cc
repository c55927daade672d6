#include "api/sagemaker/experiments.h"

#include "api/sagemaker/memory_list.h"
#include "base/arn.h"

namespace clary::api::sagemaker {
namespace {

// A document a pair: "<trial>/<component>", owned by the trial.
constexpr std::string_view kRelation = "trial-component-association";
constexpr std::size_t kMany = 1000;

store::DocumentKey relation_key(const store::Document& trial, const store::Document& component) {
  return {std::string(kRelation), trial.key.account, trial.key.region,
          trial.key.name + "/" + component.key.name};
}

store::DocumentQuery query_for(std::string_view kind, const Call& call) {
  store::DocumentQuery query;
  query.kind = kind;
  query.account = call.account;
  query.region = call.region;
  query.limit = kMany;
  return query;
}

}  // namespace

void relate(store::Documents& documents, const store::Document& trial,
            const store::Document& component) {
  store::Document relation;
  relation.key = relation_key(trial, component);
  relation.parent = trial.key.name;
  relation.arn = make_arn({.service = "sagemaker",
                           .region = trial.key.region,
                           .account = trial.key.account,
                           .resource = relation.key.kind + "/" + relation.key.name})
                     .str();
  relation.body = {{"TrialName", trial.key.name}, {"TrialComponentName", component.key.name}};
  // An association that is there already is what was asked for.
  std::ignore = documents.create(relation);
}

std::vector<std::string> Experiments::trials_of_experiment(const std::string& experiment,
                                                           const Call& call) {
  store::DocumentQuery query = query_for("experiment-trial", call);
  query.parent = experiment;
  std::vector<std::string> names;
  for_each_document(resources_.documents(), query,
                    [&](const store::Document& trial) { names.push_back(trial.key.name); });
  return names;
}

std::vector<std::string> Experiments::components_of_trial(const std::string& trial,
                                                          const Call& call) {
  store::DocumentQuery query = query_for(kRelation, call);
  query.parent = trial;
  std::vector<std::string> names;
  for_each_document(resources_.documents(), query, [&](const store::Document& relation) {
    names.push_back(string_or(relation.body, "TrialComponentName"));
  });
  return names;
}

std::vector<std::string> Experiments::trials_of_component(const std::string& component,
                                                          const Call& call) {
  store::DocumentQuery query = query_for(kRelation, call);
  query.body_equals = {{"TrialComponentName", component}};
  std::vector<std::string> names;
  for_each_document(resources_.documents(), query, [&](const store::Document& relation) {
    names.push_back(string_or(relation.body, "TrialName"));
  });
  return names;
}

json::object Experiments::delete_experiment(const json::object& input, Call& call) {
  const Kind& kind = kind_named("experiment");
  const store::Document experiment = resources_.require_named(kind, input, call);
  if (!trials_of_experiment(experiment.key.name, call).empty()) {
    fail_validation("All trials associated with the experiment '" + experiment.key.name +
                    "' must be deleted before the experiment can be deleted.");
  }
  return resources_.remove(kind, input, call);
}

json::object Experiments::create_trial(const json::object& input, Call& call) {
  const store::Document experiment =
      resources_.require(kind_named("experiment"), string_or(input, "ExperimentName"), call);
  return resources_.create(kind_named("experiment-trial"), input, call,
                           [&](store::Document& trial) { trial.parent = experiment.key.name; });
}

json::object Experiments::delete_trial(const json::object& input, Call& call) {
  const Kind& kind = kind_named("experiment-trial");
  const store::Document trial = resources_.require_named(kind, input, call);
  if (!components_of_trial(trial.key.name, call).empty()) {
    fail_validation("All trial components must be disassociated from the trial '" + trial.key.name +
                    "' before the trial can be deleted.");
  }
  return resources_.remove(kind, input, call);
}

json::object Experiments::list_trials(const json::object& input, Call& call) {
  const Kind& kind = kind_named("experiment-trial");
  if (auto component = find_string(input, "TrialComponentName")) {
    const store::Document found =
        resources_.require(kind_named("experiment-trial-component"), *component, call);
    return list_related(kind, trials_of_component(found.key.name, call), input, call);
  }
  if (auto experiment = find_string(input, "ExperimentName")) {
    resources_.require(kind_named("experiment"), *experiment, call);
  }
  return resources_.list(kind, input, call);
}

json::object Experiments::delete_trial_component(const json::object& input, Call& call) {
  const Kind& kind = kind_named("experiment-trial-component");
  const store::Document component = resources_.require_named(kind, input, call);
  if (!trials_of_component(component.key.name, call).empty()) {
    fail_validation("The trial component '" + component.key.name +
                    "' must be disassociated from all trials before it can be deleted.");
  }
  return resources_.remove(kind, input, call);
}

json::object Experiments::list_trial_components(const json::object& input, Call& call) {
  const Kind& kind = kind_named("experiment-trial-component");
  std::vector<std::string> trials;
  if (auto trial = find_string(input, "TrialName")) {
    trials = {resources_.require(kind_named("experiment-trial"), *trial, call).key.name};
  } else if (auto experiment = find_string(input, "ExperimentName")) {
    trials = trials_of_experiment(
        resources_.require(kind_named("experiment"), *experiment, call).key.name, call);
  } else {
    return resources_.list(kind, input, call);
  }
  std::vector<std::string> components;
  for (const std::string& trial : trials) {
    for (std::string& name : components_of_trial(trial, call))
      components.push_back(std::move(name));
  }
  return list_related(kind, components, input, call);
}

json::object Experiments::list_related(const Kind& kind, const std::vector<std::string>& names,
                                       const json::object& input, const Call& call) {
  std::vector<store::Document> documents;
  for (const std::string& name : std::set<std::string>(names.begin(), names.end())) {
    auto found = resources_.documents().find(Resources::key_of(kind, name, call));
    if (found) documents.push_back(std::move(*found));
  }
  return list_in_memory(kind, std::move(documents), input, call);
}

json::object Experiments::associate(const json::object& input, Call& call) {
  const store::Document component = resources_.require(
      kind_named("experiment-trial-component"), string_or(input, "TrialComponentName"), call);
  const store::Document trial =
      resources_.require(kind_named("experiment-trial"), string_or(input, "TrialName"), call);
  relate(resources_.documents(), trial, component);
  return {{"TrialComponentArn", component.arn}, {"TrialArn", trial.arn}};
}

json::object Experiments::disassociate(const json::object& input, Call& call) {
  const store::Document component = resources_.require(
      kind_named("experiment-trial-component"), string_or(input, "TrialComponentName"), call);
  const store::Document trial =
      resources_.require(kind_named("experiment-trial"), string_or(input, "TrialName"), call);
  if (!resources_.documents().remove(relation_key(trial, component))) {
    throw wire::ApiError("ResourceNotFound", "Trial component '" + component.key.name +
                                                 "' is not associated with trial '" +
                                                 trial.key.name + "'.");
  }
  return {{"TrialComponentArn", component.arn}, {"TrialArn", trial.arn}};
}

json::array Experiments::parents_of(const store::Document& component, const Call& call) {
  json::array parents;
  for (const std::string& name : trials_of_component(component.key.name, call)) {
    auto trial =
        resources_.documents().find(Resources::key_of(kind_named("experiment-trial"), name, call));
    if (!trial) continue;
    parents.push_back(
        {{"TrialName", name}, {"ExperimentName", string_or(trial->body, "ExperimentName")}});
  }
  return parents;
}

}  // namespace clary::api::sagemaker
