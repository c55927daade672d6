// From a training job's document to what the agent is given. Sources: the developer guide's "How
// Amazon SageMaker Provides Training Information" (files and variables of the container).
#include <cmath>

#include "api/sagemaker/images.h"
#include "api/sagemaker/instance_network.h"
#include "api/sagemaker/job_keys.h"
#include "api/sagemaker/job_scheduling.h"
#include "api/sagemaker/resources.h"
#include "api/sagemaker/training_document.h"
#include "api/sagemaker/training_instances.h"
#include "api/sagemaker/warm_pools.h"

namespace clary::api::sagemaker {
namespace {

std::string text_at(const json::object& body, std::string_view path) {
  const json::value* value = at_path(body, path);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

std::string mode_of(const json::object& channel, const json::object& body) {
  const std::string mode = string_or(channel, "InputMode");
  return mode.empty() ? text_at(body, "AlgorithmSpecification.TrainingInputMode") : mode;
}

json::object input_data_config(const json::object& body, std::string_view group) {
  json::object config;
  const json::array* channels = find_array(body, "InputDataConfig");
  if (channels == nullptr) return config;
  for (const json::value& entry : *channels) {
    const json::object& channel = entry.as_object();
    if (!is_for_group(channel, group)) continue;
    json::object form = {
        {"TrainingInputMode", mode_of(channel, body)},
        {"S3DistributionType", text_at(channel, "DataSource.S3DataSource.S3DataDistributionType")},
        {"RecordWrapperType", string_or(channel, "RecordWrapperType", "None")}};
    if (auto type = find_string(channel, "ContentType")) form["ContentType"] = *type;
    config[string_or(channel, "ChannelName")] = std::move(form);
  }
  return config;
}

InputSpec::Source source_of(std::string_view type) {
  if (type == "ManifestFile") return InputSpec::Source::kManifest;
  if (type == "AugmentedManifestFile") return InputSpec::Source::kAugmentedManifest;
  return InputSpec::Source::kPrefix;
}

InputSpec input_of(const json::object& channel, const json::object& body) {
  const json::object& source = at_path(channel, "DataSource.S3DataSource")->as_object();
  InputSpec input;
  input.name = string_or(channel, "ChannelName");
  input.local_path = "/opt/ml/input/data/" + input.name;
  input.source = source_of(string_or(source, "S3DataType"));
  input.s3_uri = string_or(source, "S3Uri");
  input.sharded = string_or(source, "S3DataDistributionType") == "ShardedByS3Key";
  input.gzip = string_or(channel, "CompressionType") == "Gzip";
  input.pipe = mode_of(channel, body) == "Pipe";
  input.record_io = string_or(channel, "RecordWrapperType") == "RecordIO";
  if (const json::value* seed = at_path(channel, "ShuffleConfig.Seed"); seed && input.pipe) {
    input.shuffle_seed = static_cast<std::uint64_t>(seed->to_number<std::int64_t>());
  }
  if (const json::array* names = find_array(source, "AttributeNames")) {
    for (const json::value& name : *names) input.attributes.emplace_back(name.as_string());
  }
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
    outputs.push_back({.local_path = checkpoint_folder(job.body),
                       .s3_uri = checkpoints,
                       .form = OutputSpec::Form::kFiles,
                       .only_if_not_empty = true,
                       .continuous = true});
  }
  return outputs;
}

std::map<std::string, std::string> environment_of(const store::Document& job,
                                                  const std::vector<Instance>& instances,
                                                  const Instance& instance) {
  std::map<std::string, std::string> environment;
  if (const json::object* user = find_object(job.body, "Environment")) {
    for (const auto& [name, value] : *user) environment[name] = value.as_string();
  }
  // What SageMaker sets, the user's Environment cannot change.
  environment["TRAINING_JOB_NAME"] = job.key.name;
  environment["TRAINING_JOB_ARN"] = job.arn;
  environment["AWS_REGION"] = job.key.region;
  environment["AWS_DEFAULT_REGION"] = job.key.region;
  environment["CURRENT_HOST"] = instance.host;
  environment["SM_CURRENT_HOST"] = instance.host;
  environment["SM_HOSTS"] = json::serialize(hosts_of(instances));
  environment["SM_CURRENT_INSTANCE_TYPE"] = instance.type;
  environment["SM_CURRENT_INSTANCE_GROUP"] = instance.group;
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
  if (spec.launch == Launch::kImage) {
    // With an entry point of the user's, "train" is no argument.
    if (!entrypoint.empty()) spec.command.clear();
    if (!arguments.empty()) spec.command = std::move(arguments);
    spec.entrypoint = std::move(entrypoint);
    return;
  }
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

std::vector<InputSpec> inputs_of(const json::object& body, const Instance& instance) {
  std::vector<InputSpec> inputs;
  if (const json::array* channels = find_array(body, "InputDataConfig")) {
    for (const json::value& channel : *channels) {
      if (is_for_group(channel.as_object(), instance.group)) {
        inputs.push_back(input_of(channel.as_object(), body));
      }
    }
  }
  if (const json::object* checkpoints = find_object(body, "CheckpointConfig")) {
    inputs.push_back({.name = "checkpoints",
                      .local_path = checkpoint_folder(body),
                      .s3_uri = string_or(*checkpoints, "S3Uri"),
                      .optional = true});
  }
  return inputs;
}

Limits limits_of(const store::Document& job) {
  const json::object& body = job.body;
  Limits limits;
  if (const json::value* volume = at_path(body, "ResourceConfig.VolumeSizeInGB")) {
    limits.volume_bytes = static_cast<std::uint64_t>(volume->to_number<std::int64_t>()) << 30;
  }
  // What earlier runs took, before they were interrupted, counts.
  const double seconds =
      at_path(body, "StoppingCondition.MaxRuntimeInSeconds")->to_number<double>() -
      find_double(job.internal, kEarlierSeconds).value_or(0);
  limits.max_runtime = std::chrono::seconds(std::max<std::int64_t>(1, std::llround(seconds)));
  return limits;
}

// What is the same for all instances.
engine::JobSpec common_spec(const store::Document& job, const ImageWay& way) {
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
  const json::object* hyperparameters = find_object(body, "HyperParameters");
  spec.config_files["input/config/hyperparameters.json"] =
      hyperparameters == nullptr ? json::object() : *hyperparameters;
  if (const json::object* checkpoints = find_object(body, "CheckpointConfig")) {
    spec.config_files["input/config/checkpointconfig.json"] = *checkpoints;
  }
  spec.keeps_place = wants_pool(body);
  spec.outputs = outputs_of(job);
  spec.volume_key = string_or(job.internal, kVolumeKey);
  spec.metrics = metrics_of(body, way);
  spec.log_group = "/aws/sagemaker/TrainingJobs";
  spec.metric_namespace = "/aws/sagemaker/TrainingJobs";
  spec.metric_dimensions = {{"TrainingJobName", job.key.name}};
  return spec;
}

}  // namespace

std::vector<engine::JobSpec> training_specs(const store::Document& job, const ImageWay& way) {
  const std::vector<Instance> instances = instances_of(job.body);
  std::vector<engine::JobSpec> gang;
  const std::string created = std::to_string(job.created.time_since_epoch().count());
  for (std::size_t i = 0; i < instances.size(); ++i) {
    const Instance& instance = instances[i];
    engine::JobSpec& spec = gang.emplace_back(common_spec(job, way));
    spec.environment = environment_of(job, instances, instance);
    spec.config_files["input/config/inputdataconfig.json"] =
        input_data_config(job.body, instance.group);
    spec.config_files["input/config/resourceconfig.json"] = resource_config(instances, i);
    spec.inputs = inputs_of(job.body, instance);
    for (InputSpec& input : spec.inputs) {
      input.share = share_of_channel(instances, i, job.body, input.name);
    }
    put_submit_directory(job.body, spec);
    spec.limits = limits_of(job);
    put_scheduling(job, instance.type, spec);
    spec.instance_index = static_cast<int>(i);
    spec.instance_count = static_cast<int>(instances.size());
    put_instance_network(
        job,
        {.encrypted = find_bool(job.body, "EnableInterContainerTrafficEncryption").value_or(false),
         .isolated = find_bool(job.body, "EnableNetworkIsolation").value_or(false),
         .outside = way.launch != Launch::kNativeAlgorithm},
        spec);
    spec.log_stream = job.key.name + "/" + instance.host + "-" + created;
  }
  return gang;
}

}  // namespace clary::api::sagemaker
