// Experiments, trials and trial components: records about runs, related by name.
#include "api/sagemaker/kind.h"

namespace clary::api::sagemaker {

std::vector<Kind> experiment_kinds() {
  std::vector<Kind> kinds;
  kinds.push_back({.kind = "experiment",
                   .name_member = "ExperimentName",
                   .arn_member = "ExperimentArn",
                   .operations = {"CreateExperiment", "DescribeExperiment", "UpdateExperiment",
                                  "DeleteExperiment", "ListExperiments"},
                   .not_found = {"ResourceNotFound", "Experiment '{name}' does not exist."},
                   .exists = {"ValidationException",
                              "Experiment names must be unique within an AWS account and region. "
                              "Experiment with name ({name}) already exists."},
                   .summary = {{"ExperimentSource", "Source"}},
                   .search_resource = "Experiment",
                   .search_record = "Experiment"});
  kinds.push_back(
      {.kind = "experiment-trial",
       .name_member = "TrialName",
       .arn_member = "TrialArn",
       .operations = {"CreateTrial", "DescribeTrial", "UpdateTrial", "DeleteTrial", "ListTrials"},
       .not_found = {"ResourceNotFound", "Trial '{name}' does not exist."},
       .exists = {"ValidationException",
                  "Trial names must be unique within an AWS account and region. Trial "
                  "with name ({name}) already exists."},
       .filters = {{"ExperimentName", "ExperimentName"}},
       .summary = {{"TrialSource", "Source"}},
       .search_resource = "ExperimentTrial",
       .search_record = "Trial"});
  kinds.push_back(
      {.kind = "experiment-trial-component",
       .name_member = "TrialComponentName",
       .arn_member = "TrialComponentArn",
       .operations = {"CreateTrialComponent", "DescribeTrialComponent", "UpdateTrialComponent",
                      "DeleteTrialComponent", "ListTrialComponents"},
       .not_found = {"ResourceNotFound", "Trial component '{name}' does not exist."},
       .exists = {"ValidationException",
                  "Trial component names must be unique within an AWS account and region. Trial "
                  "component with name ({name}) already exists."},
       .filters = {{"SourceArn", "Source.SourceArn"}},
       .summary = {{"TrialComponentSource", "Source"}},
       .merged_maps = {"Parameters", "InputArtifacts", "OutputArtifacts"},
       .search_resource = "ExperimentTrialComponent",
       .search_record = "TrialComponent"});
  return kinds;
}

}  // namespace clary::api::sagemaker
