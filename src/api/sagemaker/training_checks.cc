// What CreateTrainingJob refuses beyond the service model's constraints. AWS's sentences where they
// are known from its answers; ours, saying what to do instead, for what this server does not do.
#include <filesystem>
#include <set>

#include "api/sagemaker/images.h"
#include "api/sagemaker/resources.h"
#include "api/sagemaker/training_document.h"
#include "api/sagemaker/training_instances.h"

namespace clary::api::sagemaker {
namespace {

constexpr std::size_t kMostInstances = 64;

void check_algorithm(const json::object& input) {
  // Exactly one of image and name was given, and the image of a name put in: algorithms.h.
  const json::object* algorithm = find_object(input, "AlgorithmSpecification");
  if (algorithm->contains("AlgorithmName")) return;
  const json::array* metrics = find_array(*algorithm, "MetricDefinitions");
  if (metrics != nullptr && !metrics->empty() && script_of(input) == Images::Script::kNone &&
      native_algorithm(string_or(*algorithm, "TrainingImage")) != nullptr) {
    fail_validation(
        "You can't override the metric definitions for Amazon SageMaker algorithms. Please retry "
        "the request without specifying metric definitions.");
  }
}

void check_groups(const json::object& input, const json::object& resources) {
  std::set<std::string> names;
  for (const json::value& group : *find_array(resources, "InstanceGroups")) {
    if (!names.insert(string_or(group.as_object(), "InstanceGroupName")).second) {
      fail_validation("InstanceGroupName must be unique within ResourceConfig.InstanceGroups.");
    }
  }
  if (resources.contains("InstanceType") || resources.contains("InstanceCount")) {
    fail_validation(
        "ResourceConfig must specify either InstanceGroups, or InstanceType and InstanceCount.");
  }
  const json::array* channels = find_array(input, "InputDataConfig");
  if (channels == nullptr) return;
  for (const json::value& channel : *channels) {
    const json::value* wanted = at_path(channel.as_object(),
                                        "DataSource.S3DataSource."
                                        "InstanceGroupNames");
    if (wanted == nullptr) continue;
    for (const json::value& name : wanted->as_array()) {
      if (!names.contains(std::string(name.as_string()))) {
        fail_validation("InstanceGroupNames of channel \"" +
                        string_or(channel.as_object(), "ChannelName") + "\" names \"" +
                        std::string(name.as_string()) +
                        "\", which is not in ResourceConfig.InstanceGroups.");
      }
    }
  }
}

void check_resources(const json::object& input) {
  const json::object* resources = find_object(input, "ResourceConfig");
  if (resources == nullptr) fail_validation("ResourceConfig must be specified.");
  const bool groups = resources->contains("InstanceGroups");
  if (!groups && !(resources->contains("InstanceType") && resources->contains("InstanceCount"))) {
    fail_validation("ResourceConfig must specify InstanceType and InstanceCount.");
  }
  if (groups) check_groups(input, *resources);
  const std::size_t count = instances_of(input).size();
  if (count < 1) {
    fail_validation(
        "1 validation error detected: Value '0' at 'resourceConfig.instanceCount' failed to "
        "satisfy constraint: Member must have value greater than or equal to 1");
  }
  if (count > kMostInstances) {
    throw wire::ApiError("ResourceLimitExceeded",
                         "A training job has at most " + std::to_string(kMostInstances) +
                             " instances on this server, and the request asks for " +
                             std::to_string(count) + ".");
  }
}

void check_stopping(const json::object& input) {
  const bool spot = find_bool(input, "EnableManagedSpotTraining").value_or(false);
  const json::object* condition = find_object(input, "StoppingCondition");
  const auto wait =
      condition == nullptr ? std::nullopt : find_int(*condition, "MaxWaitTimeInSeconds");
  if (!spot && wait) {
    fail_validation(
        "Invalid MaxWaitTimeInSeconds. It is not supported when EnableManagedSpotTraining is set "
        "to false");
  }
  if (!spot) return;
  if (at_path(input, "ResourceConfig.KeepAlivePeriodInSeconds") != nullptr) {
    fail_validation(
        "KeepAlivePeriodInSeconds is not supported when EnableManagedSpotTraining is set to true");
  }
  const std::int64_t runtime =
      condition == nullptr ? 86400 : find_int(*condition, "MaxRuntimeInSeconds").value_or(86400);
  if (!wait || *wait < runtime) {
    fail_validation(
        "Invalid MaxWaitTimeInSeconds. It must be present and be greater than or equal to "
        "MaxRuntimeInSeconds");
  }
}

void check_objects(const json::object& source, const Call& call, const std::string& role,
                   S3Look& s3) {
  const std::string uri = string_or(source, "S3Uri");
  const std::optional<S3Location> location = parse_s3_uri(uri);
  if (!location || !uri.starts_with("s3://")) {
    fail_validation("The S3Uri \"" + uri + "\" is not of the form s3://bucket/prefix.");
  }
  if (s3.any_object(*location)) return;
  fail_validation("No S3 objects found under S3 URL \"" + uri +
                  "\" given in input data source. Please ensure that the bucket exists in the "
                  "selected region (" +
                  std::string(call.region) +
                  "), that objects exist under that S3 prefix, and that the role \"" + role +
                  "\" has \"s3:ListBucket\" permissions on bucket \"" + location->bucket + "\".");
}

// What may stand beside what in a channel: S3DataSource's and Channel's reference.
void check_source(const json::object& source, const json::object& channel, std::string_view mode) {
  const std::string name = string_or(channel, "ChannelName");
  const bool augmented = string_or(source, "S3DataType") == "AugmentedManifestFile";
  const json::array* attributes = find_array(source, "AttributeNames");
  if (augmented && mode != "Pipe") {
    fail_validation("Channel \"" + name +
                    "\": AugmentedManifestFile can only be used if the Channel's input mode is "
                    "Pipe.");
  }
  if (augmented != (attributes != nullptr && !attributes->empty())) {
    fail_validation("Channel \"" + name +
                    "\": AttributeNames must be given with the S3DataType AugmentedManifestFile, "
                    "and only with it.");
  }
  if (source.contains("HubAccessConfig")) {
    fail_validation("HubAccessConfig of channel \"" + name +
                    "\" is not available on this server: copy the hub's content into a bucket of "
                    "yours and name it in S3Uri.");
  }
  if (string_or(channel, "RecordWrapperType") == "RecordIO" && mode != "Pipe") {
    fail_validation("Channel \"" + name +
                    "\": RecordWrapperType RecordIO can only be used if the Channel's input mode "
                    "is Pipe.");
  }
}

void check_channel(const json::object& channel, const json::object& input, const Call& call,
                   S3Look& s3) {
  const std::string name = string_or(channel, "ChannelName");
  const json::value* job_mode = at_path(input, "AlgorithmSpecification.TrainingInputMode");
  std::string mode = string_or(channel, "InputMode");
  if (mode.empty() && job_mode != nullptr) mode = job_mode->as_string();
  const json::value* source = at_path(channel, "DataSource.S3DataSource");
  if (source == nullptr) {
    fail_validation("Channel \"" + name +
                    "\" has no S3DataSource. File systems and data sets are not available on this "
                    "server: put the data into S3.");
  }
  check_source(source->as_object(), channel, mode);
  check_objects(source->as_object(), call, string_or(input, "RoleArn"), s3);
}

void check_checkpoints(const json::object& input) {
  const json::object* config = find_object(input, "CheckpointConfig");
  if (config == nullptr) return;
  const std::string uri = string_or(*config, "S3Uri");
  if (!uri.starts_with("s3://") || !parse_s3_uri(uri)) {
    fail_validation("CheckpointConfig.S3Uri must be of the form s3://bucket/prefix.");
  }
  const auto local = find_string(*config, "LocalPath");
  if (!local) return;
  const std::string folder =
      (std::filesystem::path(*local) / "").lexically_normal().parent_path().string();
  const auto is_within = [&](std::string_view parent) {
    return folder == parent || folder.starts_with(std::string(parent) + "/");
  };
  if (!folder.starts_with("/opt/ml/")) {
    fail_validation("CheckpointConfig.LocalPath must be a folder below /opt/ml on this server.");
  }
  // The folders that the API reference of CheckpointConfig keeps for SageMaker.
  for (const auto reserved : {"/opt/ml/input", "/opt/ml/model", "/opt/ml/output"}) {
    if (is_within(reserved)) {
      fail_validation("CheckpointConfig.LocalPath must not be within " + std::string(reserved) +
                      ".");
    }
  }
}

void check_unbuilt(const json::object& input) {
  for (auto member : {"DebugRuleConfigurations", "ProfilerRuleConfigurations"}) {
    const json::array* rules = find_array(input, member);
    if (rules != nullptr && !rules->empty()) {
      fail_validation(std::string(member) +
                      " are not available on this server: create the job without rules.");
    }
  }
  for (auto member : {"ServerlessJobConfig", "MlflowConfig", "ModelPackageConfig"}) {
    if (input.contains(member)) {
      fail_validation(std::string(member) +
                      " is not available on this server: create the job without it.");
    }
  }
}

}  // namespace

Images::Script script_of(const json::object& body) {
  const bool own = at_path(body, "HyperParameters.sagemaker_program") != nullptr ||
                   at_path(body, "AlgorithmSpecification.ContainerEntrypoint") != nullptr;
  return own ? Images::Script::kOwn : Images::Script::kNone;
}

void check_training_request(const json::object& input, const Call& call, RoleSessions& roles,
                            S3Look& s3) {
  check_unbuilt(input);
  check_algorithm(input);
  check_resources(input);
  check_stopping(input);
  check_checkpoints(input);
  const json::value* output = at_path(input, "OutputDataConfig.S3OutputPath");
  if (output == nullptr || !output->as_string().starts_with("s3://") ||
      !parse_s3_uri(output->as_string())) {
    fail_validation("S3OutputPath must be of the form s3://bucket/prefix.");
  }
  const std::string role = string_or(input, "RoleArn");
  if (!roles.usable(role, call.account)) fail_validation(role_refused(role));
  const json::array* channels = find_array(input, "InputDataConfig");
  if (channels == nullptr) return;
  std::set<std::string> names;
  for (const json::value& entry : *channels) {
    const json::object& channel = entry.as_object();
    const std::string name = string_or(channel, "ChannelName");
    if (!names.insert(name).second) {
      fail_validation("Channel names must be unique: \"" + name + "\" is given twice.");
    }
    check_channel(channel, input, call, s3);
  }
}

}  // namespace clary::api::sagemaker
