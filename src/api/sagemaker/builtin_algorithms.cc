#include "api/sagemaker/builtin_algorithms.h"

#include "api/sagemaker/images.h"
#include "api/sagemaker/instance_types.h"

namespace clary::api::sagemaker {
namespace {

// The registry of the published image in us-east-1; which one it is does not matter here.
constexpr std::string_view kRegistry = "683313688378.dkr.ecr.us-east-1.amazonaws.com/";
constexpr std::string_view kTag = ":1.7-1";

// The generation whose container these algorithms stand in for: 2022, in seconds since 1970.
constexpr std::int64_t kCreated = 1'640'995'200;

const json::array& known() {
  static const json::value parsed = json::parse(builtin_algorithms_text());
  return parsed.get_array();
}

// SupportedTrainingInstanceTypes has members of its own enumeration.
json::array training_types(const Call& call) {
  json::array types;
  const wire::Shape* const output = call.model.find_operation("CreateTrainingJob")->input;
  const wire::Member* const config = output->find_member("ResourceConfig");
  const wire::Shape& allowed = *config->shape->find_member("InstanceType")->shape;
  for (const std::string& type : allowed.enum_values) types.emplace_back(type);
  return types;
}

}  // namespace

std::optional<json::object> builtin_algorithm(std::string_view name, const Call& call) {
  const std::string prefix = "arn:aws:sagemaker:" + std::string(call.region) + ":" +
                             std::string(call.account) + ":algorithm/";
  if (name.starts_with(prefix)) name.remove_prefix(prefix.size());
  for (const json::value& one : known()) {
    const std::string own = string_or(one.get_object(), "AlgorithmName");
    if (name != own && "sagemaker-" + std::string(name) != own) continue;
    json::object shown = one.get_object();
    const std::string image = std::string(kRegistry) + own + std::string(kTag);
    shown["AlgorithmArn"] = prefix + own;
    shown["CreationTime"] = kCreated;
    shown["AlgorithmStatus"] = "Completed";
    shown["AlgorithmStatusDetails"] = {{"ValidationStatuses", json::array()},
                                       {"ImageScanStatuses", json::array()}};
    json::object& training = shown["TrainingSpecification"].as_object();
    training["TrainingImage"] = image;
    training["SupportedTrainingInstanceTypes"] = training_types(call);
    if (const NativeAlgorithm* const native = native_algorithm(image)) {
      training["MetricDefinitions"] = native->metric_definitions;
    }
    return shown;
  }
  return std::nullopt;
}

}  // namespace clary::api::sagemaker
