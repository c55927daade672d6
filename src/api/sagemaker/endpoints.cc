// The endpoint operations: each writes what is wanted into the document and wakes the controller.
#include "api/sagemaker/hosting.h"

namespace clary::api::sagemaker {
namespace {

void check_config(const store::Document& config) {
  const json::object& body = config.body;
  if (body.contains("AsyncInferenceConfig")) {
    fail_validation(
        "Asynchronous endpoints are not available on this server: remove "
        "AsyncInferenceConfig from the endpoint configuration.");
  }
  if (body.contains("ShadowProductionVariants")) {
    fail_validation(
        "Shadow variants are not available on this server: remove "
        "ShadowProductionVariants from the endpoint configuration.");
  }
  if (body.contains("ExplainerConfig")) {
    fail_validation(
        "Online explanations are not available on this server: remove ExplainerConfig "
        "from the endpoint configuration.");
  }
}

void check_deployment(const json::object* deployment) {
  if (deployment == nullptr) return;
  const json::value* type =
      at_path(*deployment, "BlueGreenUpdatePolicy.TrafficRoutingConfiguration.Type");
  const bool at_once = type == nullptr || type->as_string() == "ALL_AT_ONCE";
  if (deployment->contains("RollingUpdatePolicy") || !at_once ||
      deployment->contains("AutoRollbackConfiguration")) {
    fail_validation(
        "Of the deployment policies, only blue/green with ALL_AT_ONCE traffic and "
        "without alarms is available on this server.");
  }
}

bool is_in_progress(std::string_view status) {
  return status == "Creating" || status == "Updating" || status == "Deleting";
}

[[noreturn]] void fail_in_progress(std::string_view arn) {
  fail_validation("Cannot update in-progress endpoint \"" + std::string(arn) + "\".");
}

bool excluded(const json::object& input, std::string_view property) {
  const json::array* list = find_array(input, "ExcludeRetainedVariantProperties");
  return list != nullptr && std::ranges::any_of(*list, [&](const json::value& entry) {
           return string_or(entry.as_object(), "VariantPropertyType") == property;
         });
}

// The third property that the model lists, DataCaptureConfig, is no variant's: data capture always
// comes from the new configuration.
void retain(const Fleet& current, const json::object& input, Fleet& next) {
  for (FleetVariant& variant : next.variants) {
    for (const FleetVariant& old : current.variants) {
      if (old.name != variant.name) continue;
      if (!excluded(input, "DesiredWeight")) variant.weight = old.weight;
      if (!excluded(input, "DesiredInstanceCount")) {
        set_instance_count(variant, static_cast<std::int64_t>(old.instances.size()));
      }
    }
  }
}

Fleet current_of(const store::Document& endpoint) {
  const json::object* current = find_object(endpoint.internal, kCurrentFleet);
  return current == nullptr ? Fleet() : fleet_from_json(*current);
}

}  // namespace

json::object Hosting::create_endpoint(const json::object& input, Call& call) {
  const json::object* deployment = find_object(input, "DeploymentConfig");
  const Resources::Found config =
      resources_.find(kind_named("endpoint-config"), string_or(input, "EndpointConfigName"), call);
  check_config(*config);
  check_deployment(deployment);
  const Fleet fleet = plan_fleet(*config, resources_, call);
  const Kind& kind = kind_named("endpoint");
  json::object output = resources_.create(kind, input, call, [&](store::Document& endpoint) {
    endpoint.body.erase("DeploymentConfig");
    endpoint.internal[kNextFleet] = to_json(fleet);
    if (deployment != nullptr) endpoint.internal[kNextDeployment] = *deployment;
  });
  wake_(Resources::key_of(kind, string_or(input, "EndpointName"), call));
  return output;
}

void Hosting::start_update(const store::Document& endpoint, const Fleet& next,
                           const json::object* deployment) {
  bool in_progress = false;
  resources_.documents().update(endpoint.key, [&](store::Document& stored) {
    in_progress = is_in_progress(stored.status);
    if (in_progress) return false;
    stored.status = "Updating";
    stored.body["EndpointStatus"] = stored.status;
    stored.body.erase("FailureReason");
    stored.internal[kNextFleet] = to_json(next);
    stored.internal.erase(kNextDeployment);
    if (deployment != nullptr) stored.internal[kNextDeployment] = *deployment;
    return true;
  });
  if (in_progress) fail_in_progress(endpoint.arn);
  wake_(endpoint.key);
}

json::object Hosting::update_endpoint(const json::object& input, Call& call) {
  const Resources::Found endpoint = resources_.find_named(kind_named("endpoint"), input, call);
  if (is_in_progress(endpoint->status)) fail_in_progress(endpoint->arn);
  const Resources::Found config =
      resources_.find(kind_named("endpoint-config"), string_or(input, "EndpointConfigName"), call);
  check_config(*config);
  const json::object* deployment = find_object(input, "DeploymentConfig");
  if (deployment == nullptr && find_bool(input, "RetainDeploymentConfig").value_or(false)) {
    deployment = find_object(endpoint->body, "LastDeploymentConfig");
  }
  check_deployment(deployment);
  Fleet next = plan_fleet(*config, resources_, call);
  if (find_bool(input, "RetainAllVariantProperties").value_or(false)) {
    retain(current_of(*endpoint), input, next);
  }
  start_update(*endpoint, next, deployment);
  return {{"EndpointArn", endpoint->arn}};
}

json::object Hosting::update_weights_and_capacities(const json::object& input, Call& call) {
  const Resources::Found endpoint = resources_.find_named(kind_named("endpoint"), input, call);
  if (is_in_progress(endpoint->status)) fail_in_progress(endpoint->arn);
  Fleet next = current_of(*endpoint);
  next.since = call.now;
  for (const json::value& entry : input.at("DesiredWeightsAndCapacities").as_array()) {
    const json::object& wanted = entry.as_object();
    const std::string name = string_or(wanted, "VariantName");
    auto variant = std::ranges::find(next.variants, name, &FleetVariant::name);
    if (variant == next.variants.end()) {
      fail_validation("The variant name(s) \"" + name +
                      "\" is/are not present within endpoint configuration \"" + next.config +
                      "\".");
    }
    if (auto weight = find_double(wanted, "DesiredWeight")) variant->weight = *weight;
    const auto count = find_int(wanted, "DesiredInstanceCount");
    if (count && *count < 1) {
      fail_validation("DesiredInstanceCount of variant \"" + name + "\" must be at least 1.");
    }
    if (count) set_instance_count(*variant, *count);
  }
  start_update(*endpoint, next, nullptr);
  return {{"EndpointArn", endpoint->arn}};
}

json::object Hosting::delete_endpoint(const json::object& input, Call& call) {
  const Resources::Found endpoint = resources_.find_named(kind_named("endpoint"), input, call);
  bool deleting = false;
  resources_.documents().update(endpoint->key, [&](store::Document& stored) {
    deleting = stored.status == "Deleting";
    if (deleting) return false;
    stored.status = "Deleting";
    stored.body["EndpointStatus"] = stored.status;
    return true;
  });
  if (deleting) fail_in_progress(endpoint->arn);
  wake_(endpoint->key);
  return {};
}

}  // namespace clary::api::sagemaker
