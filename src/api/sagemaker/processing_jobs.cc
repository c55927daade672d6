#include "api/sagemaker/processing_jobs.h"
#include "api/sagemaker/instance_network.h"

#include "api/sagemaker/job_scheduling.h"

namespace clary::api::sagemaker {
namespace {

constexpr std::int64_t kDefaultRuntime = 86400;  // seconds; what the developer guide gives
constexpr JobKeyPaths kKeys{"ProcessingOutputConfig.KmsKeyId",
                            "ProcessingResources.ClusterConfig.VolumeKmsKeyId"};

void fill(json::object& object, std::string_view member, const json::value& value) {
  object.emplace(member, value);  // keeps what is there
}

// What Describe shows that the request left to SageMaker.
void complete(json::object& body) {
  fill(body, "StoppingCondition", json::object{{"MaxRuntimeInSeconds", kDefaultRuntime}});
  if (json::value* inputs = body.if_contains("ProcessingInputs")) {
    for (json::value& entry : inputs->as_array()) {
      json::object& input = entry.as_object();
      fill(input, "AppManaged", false);
      json::value* const source = input.if_contains("S3Input");
      if (source == nullptr) continue;
      fill(source->as_object(), "S3InputMode", "File");
      fill(source->as_object(), "S3DataDistributionType", "FullyReplicated");
      fill(source->as_object(), "S3CompressionType", "None");
    }
  }
  json::value* const config = body.if_contains("ProcessingOutputConfig");
  if (config == nullptr) return;
  for (json::value& output : config->as_object().at("Outputs").as_array()) {
    fill(output.as_object(), "AppManaged", false);
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
  const Kind& kind = kind_named(kProcessingWords.kind);
  const store::DocumentKey key =
      Resources::key_of(kind, string_or(input, "ProcessingJobName"), call);
  // The name first: a client that repeats a request learns that the job is there.
  const std::string arn = arn_of(kind, key.name, call.account, call.region);
  if (resources_.documents().find_by_arn(arn)) fail(kind.exists, key.name, arn);
  check_processing_request(input);
  const JobKeys keys = job_keys(input, kKeys, call, keys_, volumes_);
  const std::string role = string_or(input, "RoleArn");
  if (!roles_.usable(role, call.account)) fail_validation(role_refused(role));
  check_experiment_config(input, resources_, call);
  json::object output = resources_.create(kind, input, call, [&](store::Document& job) {
    complete(job.body);
    job.internal[kRunId] = new_run_id(job.key);
    keep_job_keys(keys, job);
    keep_gang_secret(job);
    keep_scheduling(input, call, job);
  });
  wake_(key);
  return output;
}

json::object ProcessingJobs::stop(const json::object& input, Call& call) {
  wake_(stop_plain_job(kProcessingWords, resources_, input, call));
  return {};
}

json::object ProcessingJobs::remove(const json::object& input, Call& call) {
  const Kind& kind = kind_named(kProcessingWords.kind);
  check_job_ended(*resources_.find_named(kind, input, call), kProcessingWords.noun);
  return resources_.remove(kind, input, call);
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
