#include "api/sagemaker/transform_jobs.h"

#include "api/sagemaker/job_scheduling.h"

namespace clary::api::sagemaker {
namespace {

constexpr JobKeyPaths kKeys{"TransformOutput.KmsKeyId", "TransformResources.VolumeKmsKeyId"};

void fill(json::object& object, std::string_view member, const json::value& value) {
  object.emplace(member, value);  // keeps what is there
}

// What Describe shows that the request left to SageMaker.
void complete(json::object& body) {
  json::object& input = body.at("TransformInput").as_object();
  fill(input, "CompressionType", "None");
  fill(input, "SplitType", "None");
  json::object& output = body.at("TransformOutput").as_object();
  fill(output, "AssembleWith", "None");
  fill(output, "KmsKeyId", "");
  json::value& processing = body["DataProcessing"];
  if (!processing.is_object()) processing = json::object();
  fill(processing.get_object(), "InputFilter", "$");
  fill(processing.get_object(), "OutputFilter", "$");
  fill(processing.get_object(), "JoinSource", "None");
}

}  // namespace

const JobWords kTransformWords{.kind = "transform-job",
                               .noun = "transform job",
                               .status_member = "TransformJobStatus",
                               .start_member = "TransformStartTime",
                               .end_member = "TransformEndTime",
                               .message_member = ""};

json::object TransformJobs::create(const json::object& input, Call& call) {
  const Kind& kind = kind_named(kTransformWords.kind);
  const store::DocumentKey key =
      Resources::key_of(kind, string_or(input, "TransformJobName"), call);
  // The name first: a client that repeats a request learns that the job is there.
  const std::string arn = arn_of(kind, key.name, call.account, call.region);
  if (resources_.documents().find_by_arn(arn)) fail(kind.exists, key.name, arn);
  check_transform_request(input);
  const json::object& resources = input.at("TransformResources").as_object();
  Fleet fleet{.config = "", .since = call.now, .variants = {}};
  fleet.variants.push_back(plan_variant({{"VariantName", "transform"},
                                         {"ModelName", input.at("ModelName")},
                                         {"InstanceType", resources.at("InstanceType")},
                                         {"InitialInstanceCount", resources.at("InstanceCount")}},
                                        resources_, call));
  const FleetVariant& model = fleet.variants.front();
  if (!model.problem.empty()) fail_validation(model.problem);
  const JobKeys keys = job_keys(input, kKeys, call, keys_, volumes_);
  const JobKeys capture =
      job_keys(input, {"DataCaptureConfig.KmsKeyId", ""}, call, keys_, VolumeEncryption::kOff);
  if (!roles_.usable(model.role, call.account)) fail_validation(role_refused(model.role));
  check_experiment_config(input, resources_, call);
  json::object output = resources_.create(kind, input, call, [&](store::Document& job) {
    complete(job.body);
    job.internal[kRunId] = new_run_id(job.key);
    job.internal[kTransformModel] = to_json(fleet);
    keep_job_keys(keys, job);
    if (!capture.output.empty()) job.internal[kCaptureKey] = capture.output;
    keep_scheduling(input, call, job);
  });
  wake_(key);
  return output;
}

json::object TransformJobs::stop(const json::object& input, Call& call) {
  wake_(stop_plain_job(kTransformWords, resources_, input, call));
  return {};
}

JobController::Plan TransformController::plan(const store::Document& job) {
  const Fleet fleet = fleet_from_json(job.internal.at(kTransformModel).as_object());
  const FleetVariant& model = fleet.variants.at(0);
  Plan plan{.instances = {}, .role = model.role, .problem = ""};
  const Images::Script script = script_of(model);
  if (const auto way = images().find(model.image, ImageUse::kServe, script)) {
    plan.instances = transform_specs(job, model, *way);
  } else {
    plan.problem = images().no_way(model.image, script);
  }
  return plan;
}

}  // namespace clary::api::sagemaker
