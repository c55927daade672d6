#include "api/sagemaker/transform_jobs.h"

namespace clary::api::sagemaker {
namespace {

constexpr JobKeyPaths kKeys{"TransformOutput.KmsKeyId", "TransformResources.VolumeKmsKeyId"};
constexpr JobKeyPaths kCaptureKeys{"DataCaptureConfig.KmsKeyId", ""};

// What Describe shows that the request left to SageMaker.
void complete(json::object& body) {
  json::object& input = body.at("TransformInput").as_object();
  put_default(input, "CompressionType", "None");
  put_default(input, "SplitType", "None");
  json::object& output = body.at("TransformOutput").as_object();
  put_default(output, "AssembleWith", "None");
  put_default(output, "KmsKeyId", "");
  json::value& processing = body["DataProcessing"];
  if (!processing.is_object()) processing = json::object();
  put_default(processing.get_object(), "InputFilter", "$");
  put_default(processing.get_object(), "OutputFilter", "$");
  put_default(processing.get_object(), "JoinSource", "None");
}

}  // namespace

const JobWords kTransformWords{.kind = "transform-job",
                               .noun = "transform job",
                               .status_member = "TransformJobStatus",
                               .start_member = "TransformStartTime",
                               .end_member = "TransformEndTime",
                               .message_member = ""};

json::object TransformJobs::create(const json::object& input, Call& call) {
  check_name(input, call);
  check_transform_request(input);
  const json::object& resources_asked = input.at("TransformResources").as_object();
  Fleet fleet{.config = "", .since = call.now, .variants = {}};
  fleet.variants.push_back(
      plan_variant({{"VariantName", "transform"},
                    {"ModelName", input.at("ModelName")},
                    {"InstanceType", resources_asked.at("InstanceType")},
                    {"InitialInstanceCount", resources_asked.at("InstanceCount")}},
                   resources(), call));
  const FleetVariant& model = fleet.variants.front();
  if (!model.problem.empty()) fail_validation(model.problem);
  const JobKeys capture = job_keys(input, kCaptureKeys, call, key_check(), VolumeEncryption::kOff);
  return create_job(input, call, keys_of(input, kKeys, call), model.role,
                    [&](store::Document& job) {
                      complete(job.body);
                      job.internal[kTransformModel] = to_json(fleet);
                      if (!capture.output.empty()) job.internal[kCaptureKey] = capture.output;
                    });
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
