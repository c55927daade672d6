// From a transform job's document to what its agents are given. Source: the developer guide's "Use
// Your Own Inference Code with Batch Transform".
#include "api/sagemaker/job_scheduling.h"
#include "api/sagemaker/transform_jobs.h"

namespace clary::api::sagemaker {
namespace {

// SageMaker's longest run of a transform job.
constexpr std::chrono::hours kLongest{24 * 28};

TransformSpec::Split split_of(std::string_view name) {
  if (name == "Line") return TransformSpec::Split::kLine;
  if (name == "RecordIO") return TransformSpec::Split::kRecordIo;
  if (name == "TFRecord") return TransformSpec::Split::kTfRecord;
  return TransformSpec::Split::kNone;
}

TransformSpec::Strategy strategy_of(std::string_view name) {
  if (name == "SingleRecord") return TransformSpec::Strategy::kSingleRecord;
  if (name == "MultiRecord") return TransformSpec::Strategy::kMultiRecord;
  return TransformSpec::Strategy::kUnset;
}

TransformSpec transform_of(const store::Document& job) {
  const json::object& body = job.body;
  const json::object& input = body.at("TransformInput").as_object();
  const json::object& source = at_path(input, "DataSource.S3DataSource")->as_object();
  const json::object& output = body.at("TransformOutput").as_object();
  TransformSpec transform;
  transform.input.name = "input";
  transform.input.s3_uri = string_or(source, "S3Uri");
  transform.input.source = string_or(source, "S3DataType") == "ManifestFile"
                               ? InputSpec::Source::kManifest
                               : InputSpec::Source::kPrefix;
  transform.input.sharded = true;
  transform.input.gzip = string_or(input, "CompressionType") == "Gzip";
  transform.split = split_of(string_or(input, "SplitType"));
  transform.content_type = string_or(input, "ContentType");
  transform.accept = string_or(output, "Accept");
  transform.output_uri = string_or(output, "S3OutputPath");
  transform.kms_key = string_or(job.internal, kOutputKey);
  transform.assemble_lines = string_or(output, "AssembleWith") == "Line";
  transform.strategy = strategy_of(string_or(body, "BatchStrategy"));
  transform.max_payload_mb = find_int(body, "MaxPayloadInMB");
  transform.max_concurrent = find_int(body, "MaxConcurrentTransforms").value_or(0);
  if (const json::object* client = find_object(body, "ModelClientConfig")) {
    transform.timeout =
        std::chrono::seconds(find_int(*client, "InvocationsTimeoutInSeconds").value_or(600));
    transform.retries = static_cast<int>(find_int(*client, "InvocationsMaxRetries").value_or(3));
  }
  const json::object& processing = body.at("DataProcessing").as_object();
  transform.input_filter = string_or(processing, "InputFilter", "$");
  transform.output_filter = string_or(processing, "OutputFilter", "$");
  transform.join_input = string_or(processing, "JoinSource") == "Input";
  if (const json::object* capture = find_object(body, "DataCaptureConfig")) {
    transform.capture = {
        .uri = string_or(*capture, "DestinationS3Uri"),
        .kms_key = string_or(job.internal, kCaptureKey),
        .inference_id = find_bool(*capture, "GenerateInferenceId").value_or(false)};
  }
  return transform;
}

void put_environment(const store::Document& job, std::map<std::string, std::string>& environment) {
  if (const json::object* user = find_object(job.body, "Environment")) {
    for (const auto& [name, value] : *user) environment[name] = value.as_string();
  }
  environment["TRANSFORM_JOB_ARN"] = job.arn;
  environment["SAGEMAKER_BATCH"] = "true";
  // These come from the request; what it leaves open is not passed.
  if (const auto megabytes = find_int(job.body, "MaxPayloadInMB")) {
    environment["SAGEMAKER_MAX_PAYLOAD_IN_MB"] = std::to_string(*megabytes);
  }
  if (const auto concurrent = find_int(job.body, "MaxConcurrentTransforms")) {
    environment["SAGEMAKER_MAX_CONCURRENT_TRANSFORMS"] = std::to_string(*concurrent);
  }
  if (const auto strategy = find_string(job.body, "BatchStrategy")) {
    environment["SAGEMAKER_BATCH_STRATEGY"] =
        *strategy == "SingleRecord" ? "SINGLE_RECORD" : "MULTI_RECORD";
  }
}

}  // namespace

std::vector<engine::JobSpec> transform_specs(const store::Document& job,
                                             const FleetVariant& variant, const ImageWay& way) {
  const TransformSpec transform = transform_of(job);
  const auto count = static_cast<int>(variant.instances.size());
  std::vector<engine::JobSpec> specs;
  for (int i = 0; i < count; ++i) {
    engine::JobSpec& spec = specs.emplace_back(
        serving_spec(job, variant, variant.instances[static_cast<std::size_t>(i)], way));
    spec.id = string_or(job.internal, kRunId);
    spec.mode = JobSpec::Mode::kTransform;
    put_environment(job, spec.environment);
    spec.transform = transform;
    spec.volume_key = string_or(job.internal, kVolumeKey);
    put_scheduling(job, variant.instance_type, spec);
    spec.limits.max_runtime = kLongest;
    spec.instance_index = i;
    spec.instance_count = count;
    spec.log_group = "/aws/sagemaker/TransformJobs";
    spec.metric_namespace = "/aws/sagemaker/TransformJobs";
    spec.metric_dimensions.clear();
    spec.log_stream = job.key.name + "/" + host_of_instance(i) + "-" +
                      std::to_string(job.created.time_since_epoch().count());
  }
  return specs;
}

}  // namespace clary::api::sagemaker
