#include "api/sagemaker/fleet.h"

#include "api/sagemaker/instance_types.h"
#include "api/sagemaker/job_keys.h"
#include "api/sagemaker/s3_uri.h"
#include "base/random.h"

namespace clary::api::sagemaker {
namespace {

constexpr std::size_t kIdBytes = 8;
// A model server runs until it is told to stop.
constexpr std::chrono::hours kForever{24 * 365 * 100};
// SageMaker's time from SIGTERM to SIGKILL for hosting containers.
constexpr std::chrono::seconds kServeGrace{30};

json::object to_json(const FleetVariant& variant) {
  json::array instances;
  for (const FleetInstance& instance : variant.instances) {
    instances.push_back({{"id", instance.id},
                         {"attempts", instance.attempts},
                         {"not_before", epoch_seconds(instance.not_before)}});
  }
  return {{"name", variant.name},
          {"model", variant.model},
          {"instance_type", variant.instance_type},
          {"volume_gb", variant.volume_gb},
          {"weight", variant.weight},
          {"shown", variant.shown},
          {"image", variant.image},
          {"model_data", variant.model_data},
          {"role", variant.role},
          {"model_is_archive", variant.model_is_archive},
          {"environment", variant.environment},
          {"isolated", variant.isolated},
          {"startup_timeout", variant.startup_timeout.count()},
          {"problem", variant.problem},
          {"volume_key", variant.volume_key},
          {"instances", std::move(instances)}};
}

json::object object_or_empty(const json::object& object, std::string_view member) {
  const json::object* found = find_object(object, member);
  return found == nullptr ? json::object() : *found;
}

FleetVariant variant_from_json(const json::object& object) {
  FleetVariant variant;
  variant.name = string_or(object, "name");
  variant.model = string_or(object, "model");
  variant.instance_type = string_or(object, "instance_type");
  variant.volume_gb = find_int(object, "volume_gb").value_or(variant.volume_gb);
  variant.weight = find_double(object, "weight").value_or(1.0);
  variant.shown = object_or_empty(object, "shown");
  variant.image = string_or(object, "image");
  variant.model_data = string_or(object, "model_data");
  variant.role = string_or(object, "role");
  variant.model_is_archive = find_bool(object, "model_is_archive").value_or(true);
  variant.environment = object_or_empty(object, "environment");
  variant.isolated = find_bool(object, "isolated").value_or(false);
  variant.startup_timeout = std::chrono::seconds(find_int(object, "startup_timeout").value_or(480));
  variant.problem = string_or(object, "problem");
  variant.volume_key = string_or(object, "volume_key");
  if (const json::array* instances = find_array(object, "instances")) {
    for (const json::value& entry : *instances) {
      const json::object& instance = entry.as_object();
      variant.instances.push_back(
          {string_or(instance, "id"), static_cast<int>(find_int(instance, "attempts").value_or(0)),
           from_epoch_seconds(find_double(instance, "not_before").value_or(0))});
    }
  }
  return variant;
}

// The container a model runs, with a model package looked up.
json::object container_of(const store::Document& model, Resources& resources, const Call& call,
                          std::string& problem) {
  json::object container = object_or_empty(model.body, "PrimaryContainer");
  if (const json::array* several = find_array(model.body, "Containers")) {
    if (several->size() > 1) {
      problem = "Inference pipelines of several containers are not available on this server.";
    }
    if (!several->empty()) container = several->front().as_object();
  }
  const auto package_name = find_string(container, "ModelPackageName");
  if (!package_name) return container;
  const Resources::Found package = resources.find(kind_named("model-package"), *package_name, call);
  const json::value* containers = at_path(package->body, "InferenceSpecification.Containers");
  if (containers == nullptr || containers->as_array().empty()) {
    problem = "The model package " + package->arn + " has no inference container.";
    return container;
  }
  json::object merged = containers->as_array().front().as_object();
  for (const auto& [name, value] : object_or_empty(container, "Environment")) {
    json::value& environment = merged["Environment"];
    if (!environment.is_object()) environment = json::object();
    environment.get_object()[name] = value;
  }
  return merged;
}

void put_model_data(const json::object& container, FleetVariant& variant) {
  std::string uri = string_or(container, "ModelDataUrl");
  if (const json::value* source = at_path(container, "ModelDataSource.S3DataSource")) {
    uri = string_or(source->as_object(), "S3Uri");
    variant.model_is_archive = string_or(source->as_object(), "CompressionType") == "Gzip";
  }
  if (uri.empty()) return;
  const std::optional<S3Location> location = parse_s3_uri(uri);
  if (location) {
    variant.model_data = location->uri();
  } else {
    variant.problem = "The location of the model data, " + uri + ", is no S3 location.";
  }
}

}  // namespace

json::object to_json(const Fleet& fleet) {
  json::array variants;
  for (const FleetVariant& variant : fleet.variants) variants.emplace_back(to_json(variant));
  return {{"config", fleet.config},
          {"since", epoch_seconds(fleet.since)},
          {"variants", std::move(variants)},
          {"capture", fleet.capture},
          {"capture_key", fleet.capture_key}};
}

Fleet fleet_from_json(const json::object& object) {
  Fleet fleet;
  fleet.config = string_or(object, "config");
  fleet.since = from_epoch_seconds(find_double(object, "since").value_or(0));
  fleet.capture = object_or_empty(object, "capture");
  fleet.capture_key = string_or(object, "capture_key");
  if (const json::array* variants = find_array(object, "variants")) {
    for (const json::value& variant : *variants) {
      fleet.variants.push_back(variant_from_json(variant.as_object()));
    }
  }
  return fleet;
}

FleetVariant plan_variant(const json::object& production, Resources& resources, const Call& call) {
  FleetVariant variant;
  variant.name = string_or(production, "VariantName");
  variant.model = string_or(production, "ModelName");
  variant.instance_type = string_or(production, "InstanceType");
  variant.volume_gb = find_int(production, "VolumeSizeInGB").value_or(variant.volume_gb);
  variant.weight = find_double(production, "InitialVariantWeight").value_or(1.0);
  for (auto member : {"RoutingConfig", "ManagedInstanceScaling"}) {
    if (const json::value* value = production.if_contains(member)) variant.shown[member] = *value;
  }
  if (const json::value* serverless = production.if_contains("ServerlessConfig")) {
    variant.shown["CurrentServerlessConfig"] = *serverless;
    variant.shown["DesiredServerlessConfig"] = *serverless;
  }
  if (auto seconds = find_int(production, "ContainerStartupHealthCheckTimeoutInSeconds")) {
    variant.startup_timeout = std::chrono::seconds(*seconds);
  }
  const Resources::Found model = resources.find(kind_named("model"), variant.model, call);
  variant.role = string_or(model->body, "ExecutionRoleArn");
  const json::object container = container_of(*model, resources, call, variant.problem);
  variant.image = string_or(container, "Image");
  variant.environment = object_or_empty(container, "Environment");
  variant.isolated = find_bool(model->body, "EnableNetworkIsolation").value_or(false);
  put_model_data(container, variant);
  if (string_or(container, "Mode") == "MultiModel") {
    variant.problem = "Multi-model containers are not available on this server.";
  }
  set_instance_count(variant, find_int(production, "InitialInstanceCount").value_or(1));
  return variant;
}

Fleet plan_fleet(const store::Document& config, Resources& resources, const Call& call) {
  Fleet fleet;
  fleet.config = config.key.name;
  fleet.since = call.now;
  fleet.capture = object_or_empty(config.body, "DataCaptureConfig");
  // Configurations from before the key was looked up have only what was asked for.
  fleet.capture_key = string_or(config.internal, kOutputKey, string_or(fleet.capture, "KmsKeyId"));
  for (const json::value& production : config.body.at("ProductionVariants").as_array()) {
    fleet.variants.push_back(plan_variant(production.as_object(), resources, call));
    fleet.variants.back().volume_key = string_or(config.internal, kVolumeKey);
  }
  return fleet;
}

void set_instance_count(FleetVariant& variant, std::int64_t count) {
  const auto wanted = static_cast<std::size_t>(std::max<std::int64_t>(0, count));
  if (variant.instances.size() > wanted) variant.instances.resize(wanted);
  while (variant.instances.size() < wanted) {
    variant.instances.push_back(
        {.id = "i-" + random_hex(kIdBytes), .attempts = 0, .not_before = {}});
  }
}

std::string run_id_of(const store::DocumentKey& endpoint, const FleetInstance& instance) {
  return "endpoint-" + endpoint.name + "-" + instance.id;
}

Images::Script script_of(const FleetVariant& variant) {
  return variant.environment.contains("SAGEMAKER_PROGRAM") ? Images::Script::kOwn
                                                           : Images::Script::kNone;
}

engine::JobSpec serving_spec(const store::Document& endpoint, const FleetVariant& variant,
                             const FleetInstance& instance, const ImageWay& way) {
  engine::JobSpec spec;
  spec.id = run_id_of(endpoint.key, instance);
  spec.kind = endpoint.key.kind;
  spec.account = endpoint.key.account;
  spec.region = endpoint.key.region;
  spec.name = endpoint.key.name;
  spec.arn = endpoint.arn;
  spec.mode = JobSpec::Mode::kServe;
  spec.image = variant.image;
  put_way(way, "serve", spec);
  for (const auto& [name, value] : variant.environment) {
    spec.environment[name] = value.as_string();
  }
  spec.environment["AWS_REGION"] = endpoint.key.region;
  spec.environment["AWS_DEFAULT_REGION"] = endpoint.key.region;
  if (!variant.model_data.empty()) {
    InputSpec model{.name = "model", .local_path = "/opt/ml/model", .s3_uri = variant.model_data};
    model.source =
        variant.model_is_archive ? InputSpec::Source::kObject : InputSpec::Source::kPrefix;
    model.extract_tar = variant.model_is_archive;
    spec.inputs.push_back(std::move(model));
  }
  spec.network = way.launch != Launch::kNativeAlgorithm && !variant.isolated;
  const auto code = spec.environment.find("SAGEMAKER_SUBMIT_DIRECTORY");
  if (way.launch == Launch::kEnvironment && code != spec.environment.end() &&
      code->second.starts_with("s3://")) {
    spec.inputs.push_back({.name = "SAGEMAKER_SUBMIT_DIRECTORY",
                           .local_path = "/opt/ml/code",
                           .source = InputSpec::Source::kObject,
                           .s3_uri = code->second,
                           .extract_tar = true});
  }
  const InstanceSize size = instance_size(variant.instance_type);
  spec.instance_type = variant.instance_type;
  spec.volume_key = variant.volume_key;
  spec.limits.cpus = size.cpus;
  spec.limits.memory_bytes = size.memory_bytes;
  spec.limits.gpus = size.gpus;
  spec.limits.volume_bytes = static_cast<std::uint64_t>(variant.volume_gb) << 30;
  spec.limits.max_runtime = kForever;
  spec.limits.term_grace = kServeGrace;
  spec.log_group = "/aws/sagemaker/Endpoints/" + endpoint.key.name;
  spec.log_stream = variant.name + "/" + instance.id;
  spec.metric_namespace = "/aws/sagemaker/Endpoints";
  spec.metric_dimensions = {{"EndpointName", endpoint.key.name}, {"VariantName", variant.name}};
  return spec;
}

json::array variant_summaries(const Fleet& fleet) {
  json::array summaries;
  for (const FleetVariant& variant : fleet.variants) {
    json::object summary = variant.shown;
    summary["VariantName"] = variant.name;
    summary["DeployedImages"] = json::array{{{"SpecifiedImage", variant.image},
                                             {"ResolvedImage", variant.image},
                                             {"ResolutionTime", epoch_seconds(fleet.since)}}};
    summary["CurrentWeight"] = variant.weight;
    summary["DesiredWeight"] = variant.weight;
    if (!variant.shown.contains("CurrentServerlessConfig")) {
      summary["CurrentInstanceCount"] = variant.instances.size();
      summary["DesiredInstanceCount"] = variant.instances.size();
    }
    summaries.emplace_back(std::move(summary));
  }
  return summaries;
}

}  // namespace clary::api::sagemaker
