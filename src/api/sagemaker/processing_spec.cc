// From a processing job's document to what its agents are given. Source: the developer guide's "How
// Amazon SageMaker Processing Configures Your Processing Container".
#include "api/sagemaker/instance_network.h"
#include "api/sagemaker/job_scheduling.h"
#include "api/sagemaker/processing_jobs.h"

namespace clary::api::sagemaker {
namespace {

bool app_managed(const json::object& entry) {
  return find_bool(entry, "AppManaged").value_or(false);
}

std::vector<InputSpec> inputs_of(const json::object& body) {
  std::vector<InputSpec> inputs;
  const json::array* entries = find_array(body, "ProcessingInputs");
  if (entries == nullptr) return inputs;
  for (const json::value& value : *entries) {
    const json::object& entry = value.as_object();
    const json::object* source = find_object(entry, "S3Input");
    if (source == nullptr || app_managed(entry)) continue;
    InputSpec input;
    input.name = string_or(entry, "InputName");
    input.local_path = string_or(*source, "LocalPath");
    input.source = string_or(*source, "S3DataType") == "ManifestFile" ? InputSpec::Source::kManifest
                                                                      : InputSpec::Source::kPrefix;
    input.s3_uri = string_or(*source, "S3Uri");
    input.sharded = string_or(*source, "S3DataDistributionType") == "ShardedByS3Key";
    input.pipe = string_or(*source, "S3InputMode") == "Pipe";
    input.gzip = string_or(*source, "S3CompressionType") == "Gzip";
    inputs.push_back(std::move(input));
  }
  return inputs;
}

std::vector<OutputSpec> outputs_of(const store::Document& job) {
  std::vector<OutputSpec> outputs;
  const json::value* entries = at_path(job.body, "ProcessingOutputConfig.Outputs");
  if (entries == nullptr) return outputs;
  for (const json::value& value : entries->as_array()) {
    const json::object& entry = value.as_object();
    const json::object* target = find_object(entry, "S3Output");
    if (target == nullptr || app_managed(entry)) continue;
    OutputSpec output;
    output.local_path = string_or(*target, "LocalPath");
    output.s3_uri = string_or(*target, "S3Uri");
    output.form = OutputSpec::Form::kFiles;
    output.kms_key = string_or(job.internal, kOutputKey);
    output.continuous = string_or(*target, "S3UploadMode") == "Continuous";
    output.only_on_success = !output.continuous;
    outputs.push_back(std::move(output));
  }
  return outputs;
}

bool is_set(const json::object& body, std::string_view member) {
  const json::object* config = find_object(body, "NetworkConfig");
  return config != nullptr && find_bool(*config, member).value_or(false);
}

std::vector<std::string> words_at(const json::object& app, std::string_view member) {
  std::vector<std::string> words;
  if (const json::array* list = find_array(app, member)) {
    for (const json::value& word : *list) words.emplace_back(word.as_string());
  }
  return words;
}

void put_program(const json::object& app, const ImageWay& way, engine::JobSpec& spec) {
  spec.image = string_or(app, "ImageUri");
  put_way(way, "", spec);
  spec.entrypoint = words_at(app, "ContainerEntrypoint");
  spec.command = words_at(app, "ContainerArguments");
  if (way.launch != Launch::kEnvironment) return;
  spec.command.insert(spec.command.begin(), spec.entrypoint.begin(), spec.entrypoint.end());
  spec.entrypoint.clear();
}

// The request as the container finds it, with the job's ARN.
json::object job_config(const store::Document& job) {
  json::object config;
  config["ProcessingJobArn"] = job.arn;
  for (auto member : {"ProcessingJobName", "AppSpecification", "Environment", "ExperimentConfig",
                      "NetworkConfig", "ProcessingInputs", "ProcessingOutputConfig",
                      "ProcessingResources", "RoleArn", "StoppingCondition"}) {
    if (const json::value* value = job.body.if_contains(member)) config[member] = *value;
  }
  return config;
}

std::map<std::string, std::string> environment_of(const store::Document& job) {
  std::map<std::string, std::string> environment;
  if (const json::object* user = find_object(job.body, "Environment")) {
    for (const auto& [name, value] : *user) environment[name] = value.as_string();
  }
  environment["PROCESSING_JOB_ARN"] = job.arn;
  environment["AWS_REGION"] = job.key.region;
  environment["AWS_DEFAULT_REGION"] = job.key.region;
  return environment;
}

Limits limits_of(const json::object& body, const json::object& cluster) {
  Limits limits;
  limits.volume_bytes = static_cast<std::uint64_t>(find_int(cluster, "VolumeSizeInGB").value_or(30))
                        << 30;
  limits.max_runtime = std::chrono::seconds(
      at_path(body, "StoppingCondition.MaxRuntimeInSeconds")->to_number<std::int64_t>());
  return limits;
}

}  // namespace

std::vector<engine::JobSpec> processing_specs(const store::Document& job, const ImageWay& way) {
  const json::object& body = job.body;
  const json::object& cluster = at_path(body, "ProcessingResources.ClusterConfig")->as_object();
  const auto count = static_cast<int>(find_int(cluster, "InstanceCount").value_or(1));
  json::array hosts;
  for (int i = 0; i < count; ++i) hosts.emplace_back(host_of_instance(i));

  engine::JobSpec common;
  common.kind = job.key.kind;
  common.account = job.key.account;
  common.region = job.key.region;
  common.name = job.key.name;
  common.arn = job.arn;
  put_program(body.at("AppSpecification").as_object(), way, common);
  common.environment = environment_of(job);
  common.config_files["config/processingjobconfig.json"] = job_config(job);
  common.inputs = inputs_of(body);
  common.outputs = outputs_of(job);
  common.volume_key = string_or(job.internal, kVolumeKey);
  common.limits = limits_of(body, cluster);
  put_scheduling(job, string_or(cluster, "InstanceType"), common);
  common.instance_count = count;
  put_instance_network(job,
                       {.encrypted = is_set(body, "EnableInterContainerTrafficEncryption"),
                        .isolated = is_set(body, "EnableNetworkIsolation"),
                        .outside = true},
                       common);
  common.exit_message = true;
  common.log_group = "/aws/sagemaker/ProcessingJobs";
  common.metric_namespace = "/aws/sagemaker/ProcessingJobs";

  std::vector<engine::JobSpec> specs;
  for (int i = 0; i < count; ++i) {
    engine::JobSpec& spec = specs.emplace_back(common);
    const std::string host = host_of_instance(i);
    spec.id = string_or(job.internal, kRunId);
    spec.instance_index = i;
    spec.config_files["config/resourceconfig.json"] = {
        {"current_host", host}, {"hosts", hosts}, {"network_interface_name", "lo"}};
    spec.log_stream =
        job.key.name + "/" + host + "-" + std::to_string(job.created.time_since_epoch().count());
  }
  return specs;
}

}  // namespace clary::api::sagemaker
