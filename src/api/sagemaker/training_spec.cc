// From a training job's document to what the agent is given. Sources: the developer guide's "How
// Amazon SageMaker Provides Training Information" (files and variables of the container).
#include "api/sagemaker/images.h"
#include "api/sagemaker/job_keys.h"
#include "api/sagemaker/job_scheduling.h"
#include "api/sagemaker/resources.h"
#include "api/sagemaker/training_document.h"

namespace clary::api::sagemaker {
namespace {

constexpr std::string_view kHost = "algo-1";
constexpr std::string_view kGroup = "homogeneousCluster";

std::string text_at(const json::object& body, std::string_view path) {
  const json::value* value = at_path(body, path);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

std::string instance_type_of(const json::object& body) {
  if (const json::value* groups = at_path(body, "ResourceConfig.InstanceGroups")) {
    return string_or(groups->as_array().at(0).as_object(), "InstanceType");
  }
  return text_at(body, "ResourceConfig.InstanceType");
}

std::string group_of(const json::object& body) {
  const json::value* groups = at_path(body, "ResourceConfig.InstanceGroups");
  if (groups == nullptr) return std::string(kGroup);
  return string_or(groups->as_array().at(0).as_object(), "InstanceGroupName");
}

std::string mode_of(const json::object& channel, const json::object& body) {
  const std::string mode = string_or(channel, "InputMode");
  return mode.empty() ? text_at(body, "AlgorithmSpecification.TrainingInputMode") : mode;
}

json::object resource_config(const json::object& body) {
  const std::string type = instance_type_of(body), group = group_of(body);
  return {{"current_host", kHost},
          {"current_instance_type", type},
          {"current_group_name", group},
          {"hosts", json::array{kHost}},
          {"instance_groups", json::array{{{"instance_group_name", group},
                                           {"instance_type", type},
                                           {"hosts", json::array{kHost}}}}},
          {"network_interface_name", "lo"}};
}

json::object input_data_config(const json::object& body) {
  json::object config;
  const json::array* channels = find_array(body, "InputDataConfig");
  if (channels == nullptr) return config;
  for (const json::value& entry : *channels) {
    const json::object& channel = entry.as_object();
    json::object form = {
        {"TrainingInputMode", mode_of(channel, body)},
        {"S3DistributionType", text_at(channel, "DataSource.S3DataSource.S3DataDistributionType")},
        {"RecordWrapperType", string_or(channel, "RecordWrapperType", "None")}};
    if (auto type = find_string(channel, "ContentType")) form["ContentType"] = *type;
    config[string_or(channel, "ChannelName")] = std::move(form);
  }
  return config;
}

InputSpec input_of(const json::object& channel) {
  const json::object& source = at_path(channel, "DataSource.S3DataSource")->as_object();
  InputSpec input;
  input.name = string_or(channel, "ChannelName");
  input.local_path = "/opt/ml/input/data/" + input.name;
  input.source = string_or(source, "S3DataType") == "ManifestFile" ? InputSpec::Source::kManifest
                                                                   : InputSpec::Source::kPrefix;
  input.s3_uri = string_or(source, "S3Uri");
  input.sharded = string_or(source, "S3DataDistributionType") == "ShardedByS3Key";
  input.gzip = string_or(channel, "CompressionType") == "Gzip";
  return input;
}

std::string checkpoint_folder(const json::object& body) {
  const std::string local = text_at(body, "CheckpointConfig.LocalPath");
  return local.empty() ? "/opt/ml/checkpoints" : local;
}

std::vector<OutputSpec> outputs_of(const store::Document& job) {
  const std::string folder =
      join_s3(text_at(job.body, "OutputDataConfig.S3OutputPath"), job.key.name + "/output");
  const bool whole = text_at(job.body, "OutputDataConfig.CompressionType") == "NONE";
  std::vector<OutputSpec> outputs;
  if (whole) {
    outputs.push_back({"/opt/ml/model", join_s3(folder, "model"), OutputSpec::Form::kFiles, false});
    outputs.push_back(
        {"/opt/ml/output/data", join_s3(folder, "output"), OutputSpec::Form::kFiles, true});
  } else {
    outputs.push_back(
        {"/opt/ml/model", join_s3(folder, "model.tar.gz"), OutputSpec::Form::kTarGz, false});
    outputs.push_back(
        {"/opt/ml/output/data", join_s3(folder, "output.tar.gz"), OutputSpec::Form::kTarGz, true});
  }
  for (OutputSpec& output : outputs) output.kms_key = string_or(job.internal, kOutputKey);
  const std::string checkpoints = text_at(job.body, "CheckpointConfig.S3Uri");
  if (!checkpoints.empty()) {
    outputs.push_back({checkpoint_folder(job.body), checkpoints, OutputSpec::Form::kFiles, true});
  }
  return outputs;
}

std::map<std::string, std::string> environment_of(const store::Document& job) {
  std::map<std::string, std::string> environment;
  if (const json::object* user = find_object(job.body, "Environment")) {
    for (const auto& [name, value] : *user) environment[name] = value.as_string();
  }
  // What SageMaker sets, the user's Environment cannot change.
  environment["TRAINING_JOB_NAME"] = job.key.name;
  environment["TRAINING_JOB_ARN"] = job.arn;
  environment["AWS_REGION"] = job.key.region;
  environment["AWS_DEFAULT_REGION"] = job.key.region;
  environment["CURRENT_HOST"] = kHost;
  environment["SM_CURRENT_HOST"] = kHost;
  environment["SM_HOSTS"] = "[\"algo-1\"]";
  environment["SM_CURRENT_INSTANCE_TYPE"] = instance_type_of(job.body);
  environment["SM_MODEL_DIR"] = "/opt/ml/model";
  environment["SM_OUTPUT_DATA_DIR"] = "/opt/ml/output/data";
  return environment;
}

// What an algorithm of ours defines by itself; a script defines nothing.
std::vector<MetricPattern> metrics_of(const json::object& body, const ImageWay& way) {
  const NativeAlgorithm* native = way.algorithm;
  const json::value* metrics = at_path(body, "AlgorithmSpecification.MetricDefinitions");
  if (metrics == nullptr) {
    return native == nullptr ? std::vector<MetricPattern>() : native->metrics;
  }
  std::vector<MetricPattern> patterns;
  for (const json::value& metric : metrics->as_array()) {
    patterns.push_back(
        {string_or(metric.as_object(), "Name"), string_or(metric.as_object(), "Regex")});
  }
  return patterns;
}

std::vector<std::string> words_at(const json::object& body, std::string_view path) {
  std::vector<std::string> words;
  const json::value* list = at_path(body, path);
  if (list == nullptr || !list->is_array()) return words;
  for (const json::value& word : list->get_array()) words.emplace_back(word.as_string());
  return words;
}

// What the user starts in place of the image's own program.
void put_user_command(const json::object& body, engine::JobSpec& spec) {
  std::vector<std::string> entrypoint =
      words_at(body, "AlgorithmSpecification.ContainerEntrypoint");
  std::vector<std::string> arguments = words_at(body, "AlgorithmSpecification.ContainerArguments");
  if (entrypoint.empty() && arguments.empty()) return;
  if (spec.launch == Launch::kEnvironment) {
    spec.command = std::move(entrypoint);
    spec.command.insert(spec.command.end(), arguments.begin(), arguments.end());
  }
}

// The script of a framework's job: a tarball that a hyperparameter names, as JSON text or bare. The
// agent fetches it with the rights of the job's role, so it comes without network too.
void put_submit_directory(const json::object& body, engine::JobSpec& spec) {
  if (spec.launch != Launch::kEnvironment) return;
  std::string uri = text_at(body, "HyperParameters.sagemaker_submit_directory");
  boost::system::error_code error;
  const json::value decoded = json::parse(uri, error);
  if (!error && decoded.is_string()) uri = decoded.get_string();
  if (!uri.starts_with("s3://")) return;
  spec.inputs.push_back({.name = "sagemaker_submit_directory",
                         .local_path = "/opt/ml/code",
                         .source = InputSpec::Source::kObject,
                         .s3_uri = uri,
                         .extract_tar = true});
}

bool isolated(const json::object& body) {
  return find_bool(body, "EnableNetworkIsolation").value_or(false);
}

}  // namespace

engine::JobSpec training_spec(const store::Document& job, const ImageWay& way) {
  const json::object& body = job.body;
  engine::JobSpec spec;
  spec.id = string_or(job.internal, kRunId);
  spec.kind = job.key.kind;
  spec.account = job.key.account;
  spec.region = job.key.region;
  spec.name = job.key.name;
  spec.arn = job.arn;
  spec.image = text_at(body, "AlgorithmSpecification.TrainingImage");
  put_way(way, "train", spec);
  put_user_command(body, spec);
  spec.network = way.launch == Launch::kEnvironment && !isolated(body);
  spec.environment = environment_of(job);
  const json::object* hyperparameters = find_object(body, "HyperParameters");
  spec.config_files["input/config/hyperparameters.json"] =
      hyperparameters == nullptr ? json::object() : *hyperparameters;
  spec.config_files["input/config/inputdataconfig.json"] = input_data_config(body);
  spec.config_files["input/config/resourceconfig.json"] = resource_config(body);
  if (const json::array* channels = find_array(body, "InputDataConfig")) {
    for (const json::value& channel : *channels) {
      spec.inputs.push_back(input_of(channel.as_object()));
    }
  }
  if (const json::object* checkpoints = find_object(body, "CheckpointConfig")) {
    spec.config_files["input/config/checkpointconfig.json"] = *checkpoints;
    if (find_bool(job.internal, kRestoresCheckpoints).value_or(false)) {
      spec.inputs.push_back({.name = "checkpoints",
                             .local_path = checkpoint_folder(body),
                             .s3_uri = string_or(*checkpoints, "S3Uri")});
    }
  }
  put_submit_directory(body, spec);
  spec.outputs = outputs_of(job);
  spec.volume_key = string_or(job.internal, kVolumeKey);
  spec.metrics = metrics_of(body, way);
  put_scheduling(job, instance_type_of(body), spec);
  if (const json::value* volume = at_path(body, "ResourceConfig.VolumeSizeInGB")) {
    spec.limits.volume_bytes = static_cast<std::uint64_t>(volume->to_number<std::int64_t>()) << 30;
  }
  spec.limits.max_runtime = std::chrono::seconds(
      at_path(body, "StoppingCondition.MaxRuntimeInSeconds")->to_number<std::int64_t>());
  spec.log_group = "/aws/sagemaker/TrainingJobs";
  spec.log_stream = job.key.name + "/" + std::string(kHost) + "-" +
                    std::to_string(job.created.time_since_epoch().count());
  spec.metric_namespace = "/aws/sagemaker/TrainingJobs";
  spec.metric_dimensions = {{"TrainingJobName", job.key.name}};
  return spec;
}

}  // namespace clary::api::sagemaker
