// Kinds that act: training, tuning, processing and transform jobs, models, endpoint configurations,
// endpoints. Their Create, Stop and Update are in the files of their families; Describe and List
// are the generic ones.
#include "api/sagemaker/kind.h"

namespace clary::api::sagemaker {

std::vector<Kind> workload_kinds() {
  std::vector<Kind> kinds;
  kinds.push_back(
      {.kind = "training-job",
       .name_member = "TrainingJobName",
       .arn_member = "TrainingJobArn",
       .operations = {"CreateTrainingJob", "DescribeTrainingJob", "UpdateTrainingJob",
                      "DeleteTrainingJob", "ListTrainingJobs"},
       .not_found = {"ValidationException", "Requested resource not found."},
       .exists = {"ResourceInUse",
                  "Training job names must be unique within an AWS account and region, and a "
                  "training job with this name already exists ({arn})"},
       .status_member = "TrainingJobStatus",
       .initial_status = "InProgress",
       .list = {.descending = false},
       .filters = {{"WarmPoolStatusEquals", "WarmPoolStatus.Status"},
                   {"TrainingPlanArnEquals", "ResourceConfig.TrainingPlanArn"}},
       .summary = {{"TrainingPlanArn", "ResourceConfig.TrainingPlanArn"}},
       .search_resource = "TrainingJob",
       .search_record = "TrainingJob"});
  kinds.push_back(
      {.kind = "hyper-parameter-tuning-job",
       .name_member = "HyperParameterTuningJobName",
       .arn_member = "HyperParameterTuningJobArn",
       .operations = {"CreateHyperParameterTuningJob", "DescribeHyperParameterTuningJob", "",
                      "DeleteHyperParameterTuningJob", "ListHyperParameterTuningJobs"},
       .not_found = {"ResourceNotFound",
                     "Amazon SageMaker can't find a hyperparameter tuning job with the name "
                     "[{name}] in this account and region."},
       .exists = {"ResourceInUse",
                  "Hyperparameter tuning job names must be unique within an AWS account and "
                  "region, and a hyperparameter tuning job with this name already exists ({arn})"},
       .status_member = "HyperParameterTuningJobStatus",
       .initial_status = "InProgress",
       .list = {.sort = ListDefaults::Sort::kName, .descending = false},
       .summary = {{"Strategy", "HyperParameterTuningJobConfig.Strategy"},
                   {"ResourceLimits", "HyperParameterTuningJobConfig.ResourceLimits"}},
       .search_resource = "HyperParameterTuningJob",
       .search_record = "HyperParameterTuningJob"});
  kinds.push_back(
      {.kind = "processing-job",
       .name_member = "ProcessingJobName",
       .arn_member = "ProcessingJobArn",
       .operations = {"CreateProcessingJob", "DescribeProcessingJob", "", "DeleteProcessingJob",
                      "ListProcessingJobs"},
       .not_found = {"ValidationException", "Could not find requested job with name: {name}"},
       .exists = {"ResourceInUse",
                  "Job name must be unique within an AWS account and region, and a job with this "
                  "name already exists ({arn})"},
       .status_member = "ProcessingJobStatus",
       .initial_status = "InProgress",
       .search_resource = "ProcessingJob",
       .search_record = "ProcessingJob"});
  kinds.push_back(
      {.kind = "transform-job",
       .name_member = "TransformJobName",
       .arn_member = "TransformJobArn",
       .operations = {"CreateTransformJob", "DescribeTransformJob", "", "", "ListTransformJobs"},
       .not_found = {"ValidationException", "Could not find requested job with name: {name}"},
       .exists = {"ResourceInUse",
                  "Job name must be unique within an AWS account and region, and a job with this "
                  "name already exists ({arn})"},
       .status_member = "TransformJobStatus",
       .initial_status = "InProgress",
       .search_resource = "TransformJob",
       .search_record = "TransformJob"});
  kinds.push_back(
      {.kind = "model",
       .name_member = "ModelName",
       .arn_member = "ModelArn",
       .operations = {"CreateModel", "DescribeModel", "", "DeleteModel", "ListModels"},
       .not_found = {"ValidationException", "Could not find model \"{arn}\"."},
       .exists = {"ValidationException", "Cannot create already existing model \"{arn}\"."},
       .search_resource = "Model",
       .search_record = "Model"});
  kinds.push_back(
      {.kind = "endpoint-config",
       .name_member = "EndpointConfigName",
       .arn_member = "EndpointConfigArn",
       .operations = {"CreateEndpointConfig", "DescribeEndpointConfig", "", "DeleteEndpointConfig",
                      "ListEndpointConfigs"},
       .not_found = {"ValidationException", "Could not find endpoint configuration \"{arn}\"."},
       .exists = {"ValidationException",
                  "Cannot create already existing endpoint configuration \"{arn}\"."}});
  kinds.push_back(
      {.kind = "endpoint",
       .name_member = "EndpointName",
       .arn_member = "EndpointArn",
       .operations = {"CreateEndpoint", "DescribeEndpoint", "UpdateEndpoint", "DeleteEndpoint",
                      "ListEndpoints"},
       .not_found = {"ValidationException", "Could not find endpoint \"{arn}\"."},
       .exists = {"ValidationException", "Cannot create already existing endpoint \"{arn}\"."},
       .status_member = "EndpointStatus",
       .initial_status = "Creating",
       .search_resource = "Endpoint",
       .search_record = "Endpoint"});
  return kinds;
}

}  // namespace clary::api::sagemaker
