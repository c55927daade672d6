// Monitoring job definitions: what a monitoring schedule will run. Four kinds of one form.
#include "api/sagemaker/kind.h"

namespace clary::api::sagemaker {

std::vector<Kind> monitoring_kinds() {
  auto definition = [](std::string_view kind, KindOperations operations,
                       std::string_view endpoint_path) {
    return Kind{.kind = kind,
                .name_member = "JobDefinitionName",
                .arn_member = "JobDefinitionArn",
                .operations = operations,
                .not_found = {"ResourceNotFound", "Job Definition {arn} does not exist."},
                .exists = {"ResourceInUse", "Job Definition {arn} already exists."},
                .filters = {{"EndpointName", endpoint_path}},
                .summary = {{"MonitoringJobDefinitionName", "JobDefinitionName"},
                            {"MonitoringJobDefinitionArn", "JobDefinitionArn"},
                            {"EndpointName", endpoint_path}}};
  };
  return {
      definition("data-quality-job-definition",
                 {"CreateDataQualityJobDefinition", "DescribeDataQualityJobDefinition", "",
                  "DeleteDataQualityJobDefinition", "ListDataQualityJobDefinitions"},
                 "DataQualityJobInput.EndpointInput.EndpointName"),
      definition("model-quality-job-definition",
                 {"CreateModelQualityJobDefinition", "DescribeModelQualityJobDefinition", "",
                  "DeleteModelQualityJobDefinition", "ListModelQualityJobDefinitions"},
                 "ModelQualityJobInput.EndpointInput.EndpointName"),
      definition("model-bias-job-definition",
                 {"CreateModelBiasJobDefinition", "DescribeModelBiasJobDefinition", "",
                  "DeleteModelBiasJobDefinition", "ListModelBiasJobDefinitions"},
                 "ModelBiasJobInput.EndpointInput.EndpointName"),
      definition(
          "model-explainability-job-definition",
          {"CreateModelExplainabilityJobDefinition", "DescribeModelExplainabilityJobDefinition", "",
           "DeleteModelExplainabilityJobDefinition", "ListModelExplainabilityJobDefinitions"},
          "ModelExplainabilityJobInput.EndpointInput.EndpointName")};
}

}  // namespace clary::api::sagemaker
