// What experiments, trials and trial components have beyond the generic engine: a trial belongs to
// one experiment, a component to any number of trials, and neither side is deleted before the
// relation is.
#pragma once

#include "api/sagemaker/resources.h"

namespace clary::api::sagemaker {

// Makes `component` one of `trial`'s. Fine when it is already.
void relate(store::Documents& documents, const store::Document& trial,
            const store::Document& component);

// threads: any. blocks: on the store.
class Experiments {
 public:
  explicit Experiments(Resources& resources) : resources_(resources) {}
  json::object delete_experiment(const json::object& input, Call& call);
  json::object create_trial(const json::object& input, Call& call);
  json::object delete_trial(const json::object& input, Call& call);
  json::object list_trials(const json::object& input, Call& call);
  json::object delete_trial_component(const json::object& input, Call& call);
  json::object list_trial_components(const json::object& input, Call& call);
  json::object associate(const json::object& input, Call& call);
  json::object disassociate(const json::object& input, Call& call);

  // [{"TrialName", "ExperimentName"}]: the trials a component belongs to, for Search.
  json::array parents_of(const store::Document& component, const Call& call);

 private:
  json::object list_related(const Kind& kind, const std::vector<std::string>& names,
                            const json::object& input, const Call& call);
  std::vector<std::string> trials_of_experiment(const std::string& experiment, const Call& call);
  std::vector<std::string> components_of_trial(const std::string& trial, const Call& call);
  std::vector<std::string> trials_of_component(const std::string& component, const Call& call);

  Resources& resources_;
};

}  // namespace clary::api::sagemaker
