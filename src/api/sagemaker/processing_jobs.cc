#include "api/sagemaker/processing_jobs.h"

#include "api/sagemaker/instance_network.h"

namespace clary::api::sagemaker {
namespace {

constexpr std::int64_t kDefaultRuntime = 86400;  // seconds; what the developer guide gives
constexpr JobKeyPaths kKeys{"ProcessingOutputConfig.KmsKeyId",
                            "ProcessingResources.ClusterConfig.VolumeKmsKeyId"};

// What Describe shows that the request left to SageMaker.
void complete(json::object& body) {
  put_default(body, "StoppingCondition", json::object{{"MaxRuntimeInSeconds", kDefaultRuntime}});
  if (json::value* inputs = body.if_contains("ProcessingInputs")) {
    for (json::value& entry : inputs->as_array()) {
      json::object& input = entry.as_object();
      put_default(input, "AppManaged", false);
      json::value* const source = input.if_contains("S3Input");
      if (source == nullptr) continue;
      put_default(source->as_object(), "S3InputMode", "File");
      put_default(source->as_object(), "S3DataDistributionType", "FullyReplicated");
      put_default(source->as_object(), "S3CompressionType", "None");
    }
  }
  json::value* const config = body.if_contains("ProcessingOutputConfig");
  if (config == nullptr) return;
  for (json::value& output : config->as_object().at("Outputs").as_array()) {
    put_default(output.as_object(), "AppManaged", false);
  }
}

}  // namespace

const JobWords kProcessingWords{.kind = "processing-job",
                                .noun = "processing job",
                                .status_member = "ProcessingJobStatus",
                                .start_member = "ProcessingStartTime",
                                .end_member = "ProcessingEndTime",
                                .message_member = "ExitMessage"};

json::object ProcessingJobs::create(const json::object& input, Call& call) {
  check_name(input, call);
  check_processing_request(input);
  return create_job(input, call, keys_of(input, kKeys, call), string_or(input, "RoleArn"),
                    [](store::Document& job) {
                      complete(job.body);
                      keep_gang_secret(job);
                    });
}

json::object ProcessingJobs::remove(const json::object& input, Call& call) {
  const Kind& kind = kind_named(kProcessingWords.kind);
  check_job_ended(*resources().find_named(kind, input, call), kProcessingWords.noun);
  return resources().remove(kind, input, call);
}

JobController::Plan ProcessingController::plan(const store::Document& job) {
  Plan plan{.instances = {}, .role = string_or(job.body, "RoleArn"), .problem = ""};
  const json::object& app = job.body.at("AppSpecification").as_object();
  const std::string image = string_or(app, "ImageUri");
  const auto way = images().find(image, ImageUse::kProcess, Images::Script::kOwn);
  if (!way) {
    plan.problem = images().no_way(image, Images::Script::kOwn);
  } else if (way->launch == Launch::kEnvironment && !app.contains("ContainerEntrypoint")) {
    plan.problem = "The image " + image +
                   " runs as a Python environment of this server, which has no entry point of its "
                   "own: give AppSpecification a ContainerEntrypoint.";
  } else {
    plan.instances = processing_specs(job, *way);
  }
  return plan;
}

}  // namespace clary::api::sagemaker
