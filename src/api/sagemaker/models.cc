// CreateModel and CreateEndpointConfig: documents whose references are checked.
#include <set>

#include "api/sagemaker/data_capture.h"
#include "api/sagemaker/hosting.h"

namespace clary::api::sagemaker {
namespace {

std::string model_data_refused(std::string_view uri, std::string_view role,
                               std::string_view region) {
  return "Could not access model data at " + std::string(uri) + ". Please ensure that the role \"" +
         std::string(role) +
         "\" exists and that its trust relationship policy allows the action \"sts:AssumeRole\" "
         "for the service principal \"sagemaker.amazonaws.com\". Also ensure that the role has "
         "\"s3:GetObject\" permissions and that the object is located in " +
         std::string(region) + ".";
}

std::string model_data_of(const json::object& container) {
  if (const json::value* uri = at_path(container, "ModelDataSource.S3DataSource.S3Uri")) {
    return std::string(uri->as_string());
  }
  return string_or(container, "ModelDataUrl");
}

void check_container(const json::object& container) {
  if (container.contains("Image") == container.contains("ModelPackageName")) {
    fail_validation("Each container must name either an Image or a ModelPackageName.");
  }
  if (container.contains("ModelDataUrl") && container.contains("ModelDataSource")) {
    fail_validation("A container cannot have both ModelDataUrl and ModelDataSource.");
  }
}

void complete_container(json::object& container) {
  container.emplace("Mode", "SingleModel");
  container.emplace("Environment", json::object());
}

void check_variant(const json::object& variant) {
  const std::string name = string_or(variant, "VariantName");
  if (!variant.contains("ModelName")) {
    fail_validation("The production variant \"" + name +
                    "\" names no model. Inference components are not available on this server: "
                    "give the variant a ModelName.");
  }
  const bool serverless = variant.contains("ServerlessConfig");
  const bool instances = variant.contains("InstanceType") || variant.contains("InstancePools");
  if (serverless == instances) {
    fail_validation("The production variant \"" + name +
                    "\" must have either an InstanceType or a ServerlessConfig.");
  }
  if (variant.contains("InstancePools")) {
    fail_validation("InstancePools are not available on this server: give the variant \"" + name +
                    "\" an InstanceType.");
  }
  if (instances && find_int(variant, "InitialInstanceCount").value_or(0) < 1) {
    fail_validation("The production variant \"" + name +
                    "\" must have an InitialInstanceCount of at least 1.");
  }
}

}  // namespace

void Hosting::check_model_data(const json::object& container, const std::string& role,
                               const Call& call) {
  const std::string uri = model_data_of(container);
  if (uri.empty()) return;
  const std::optional<S3Location> location = parse_s3_uri(uri);
  if (!location) fail_validation("The model data location \"" + uri + "\" is no S3 location.");
  if (role.empty() || !roles_.usable(role, call.account)) {
    fail_validation(model_data_refused(uri, role, call.region));
  }
  if (!s3_.any_object(*location)) {
    fail_validation("Could not find model data at " + uri + ".");
  }
}

json::object Hosting::create_model(const json::object& input, Call& call) {
  const json::object* primary = find_object(input, "PrimaryContainer");
  const json::array* several = find_array(input, "Containers");
  if ((primary != nullptr) == (several != nullptr && !several->empty())) {
    fail_validation("Exactly one of PrimaryContainer and Containers must be specified.");
  }
  const std::string role = string_or(input, "ExecutionRoleArn");
  if (!role.empty() && !roles_.usable(role, call.account)) fail_validation(role_refused(role));
  std::vector<const json::object*> containers;
  if (primary != nullptr) containers.push_back(primary);
  if (several != nullptr) {
    for (const json::value& container : *several) containers.push_back(&container.as_object());
  }
  for (const json::object* container : containers) {
    check_container(*container);
    check_model_data(*container, role, call);
  }
  return resources_.create(kind_named("model"), input, call, [](store::Document& model) {
    model.body.emplace("EnableNetworkIsolation", false);
    if (json::value* container = model.body.if_contains("PrimaryContainer")) {
      complete_container(container->as_object());
    }
    if (json::value* list = model.body.if_contains("Containers")) {
      for (json::value& container : list->as_array()) complete_container(container.as_object());
    }
  });
}

json::object Hosting::create_endpoint_config(const json::object& input, Call& call) {
  const JobKeys keys = job_keys(input, kEndpointKeys, call, keys_, volumes_);
  check_data_capture(input);
  std::set<std::string> names;
  for (auto member : {"ProductionVariants", "ShadowProductionVariants"}) {
    const json::array* variants = find_array(input, member);
    if (variants == nullptr) continue;
    for (const json::value& entry : *variants) {
      const json::object& variant = entry.as_object();
      check_variant(variant);
      if (!names.insert(string_or(variant, "VariantName")).second) {
        fail_validation("Variant names must be unique: \"" + string_or(variant, "VariantName") +
                        "\" is given twice.");
      }
      resources_.find(kind_named("model"), string_or(variant, "ModelName"), call);
    }
  }
  return resources_.create(
      kind_named("endpoint-config"), input, call, [&](store::Document& config) {
        keep_job_keys(keys, config);
        config.body.emplace("EnableNetworkIsolation", false);
        if (json::value* capture = config.body.if_contains("DataCaptureConfig")) {
          capture->as_object().emplace("EnableCapture", true);  // "defaults to enabled"
        }
        for (json::value& variant : config.body.at("ProductionVariants").as_array()) {
          variant.as_object().emplace("InitialVariantWeight", 1.0);
        }
      });
}

}  // namespace clary::api::sagemaker
