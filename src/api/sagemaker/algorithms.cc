#include "api/sagemaker/algorithms.h"

#include <algorithm>

#include "api/sagemaker/builtin_algorithms.h"

namespace clary::api::sagemaker {
namespace {

// Source: the reference of TrainingSpecification, HyperParameterSpecification,
// ChannelSpecification.
void put_hyperparameters(const json::object& training, const std::string& arn,
                         json::object& request) {
  const json::array* known = find_array(training, "SupportedHyperParameters");
  if (known == nullptr || known->empty()) return;
  json::value& given = request["HyperParameters"];
  if (!given.is_object()) given = json::object();
  for (const json::value& entry : *known) {
    const json::object& parameter = entry.as_object();
    const std::string name = string_or(parameter, "Name");
    if (given.get_object().contains(name)) continue;
    if (const auto value = find_string(parameter, "DefaultValue")) {
      given.get_object()[name] = *value;
    } else if (find_bool(parameter, "IsRequired").value_or(false)) {
      fail_validation("The hyperparameter " + name + " is required by the algorithm " + arn + ".");
    }
  }
  for (const auto& [name, value] : given.get_object()) {
    const auto has_name = [&](const json::value& entry) {
      return string_or(entry.as_object(), "Name") == std::string_view(name);
    };
    if (!std::ranges::any_of(*known, has_name)) {
      fail_validation("The hyperparameter " + std::string(name) + " is not one of the algorithm " +
                      arn + ".");
    }
  }
}

void check_channels(const json::object& training, const std::string& arn,
                    const json::object& request) {
  const json::array* wanted = find_array(training, "TrainingChannels");
  const json::array* given = find_array(request, "InputDataConfig");
  if (wanted == nullptr) return;
  for (const json::value& entry : *wanted) {
    const std::string name = string_or(entry.as_object(), "Name");
    if (!find_bool(entry.as_object(), "IsRequired").value_or(false)) continue;
    const auto is_it = [&](const json::value& channel) {
      return string_or(channel.as_object(), "ChannelName") == name;
    };
    if (given == nullptr || !std::ranges::any_of(*given, is_it)) {
      fail_validation("The channel " + name + " is required by the algorithm " + arn + ".");
    }
  }
}

void check_instances(const json::object& training, const std::string& arn,
                     const json::object& request) {
  const json::value* count = at_path(request, "ResourceConfig.InstanceCount");
  if (count != nullptr && count->to_number<std::int64_t>() > 1 &&
      !find_bool(training, "SupportsDistributedTraining").value_or(false)) {
    fail_validation("The algorithm " + arn + " does not support training on several instances.");
  }
  const json::array* types = find_array(training, "SupportedTrainingInstanceTypes");
  const json::value* type = at_path(request, "ResourceConfig.InstanceType");
  if (types == nullptr || type == nullptr) return;
  if (!std::ranges::any_of(*types, [&](const json::value& one) { return one == *type; })) {
    fail_validation("The algorithm " + arn + " does not support the instance type " +
                    std::string(type->as_string()) + ".");
  }
}

}  // namespace

json::object Algorithms::create(const json::object& input, Call& call) {
  if (input.contains("ValidationSpecification")) {
    fail_validation(
        "ValidationSpecification is not available on this server: create the algorithm without it "
        "and try it with a training job of your own.");
  }
  return resources_.create(kind_named("algorithm"), input, call, [](store::Document& algorithm) {
    algorithm.body["AlgorithmStatusDetails"] = {{"ValidationStatuses", json::array()},
                                                {"ImageScanStatuses", json::array()}};
  });
}

json::object Algorithms::describe(const json::object& input, Call& call) {
  auto builtin = builtin_algorithm(string_or(input, "AlgorithmName"), call);
  try {
    return resources_.describe(kind_named("algorithm"), input, call);
  } catch (const wire::ApiError&) {
    if (!builtin) throw;
  }
  return *std::move(builtin);
}

json::object with_algorithm(const json::object& input, Resources& resources, const Call& call) {
  const json::object* specification = find_object(input, "AlgorithmSpecification");
  if (specification == nullptr) fail_validation("AlgorithmSpecification must be specified.");
  const auto name = find_string(*specification, "AlgorithmName");
  if (specification->contains("TrainingImage") == name.has_value()) {
    fail_validation(
        "Exactly one of TrainingImage and AlgorithmName must be specified in "
        "AlgorithmSpecification.");
  }
  if (!name) return input;
  const Resources::Found algorithm = resources.find(kind_named("algorithm"), *name, call);
  const json::object& training = algorithm->body.at("TrainingSpecification").as_object();
  json::object request = input;
  json::object& filled = request["AlgorithmSpecification"].as_object();
  const json::array* own = find_array(filled, "MetricDefinitions");
  if (own != nullptr && !own->empty()) {
    fail_validation("MetricDefinitions are those of the algorithm " + algorithm->arn +
                    ": create the job without them.");
  }
  filled["TrainingImage"] = training.at("TrainingImage");
  if (const json::value* metrics = training.if_contains("MetricDefinitions")) {
    filled["MetricDefinitions"] = *metrics;
  }
  put_hyperparameters(training, algorithm->arn, request);
  check_channels(training, algorithm->arn, request);
  check_instances(training, algorithm->arn, request);
  return request;
}

void hide_algorithm_image(json::object& algorithm_specification) {
  if (algorithm_specification.contains("AlgorithmName")) {
    algorithm_specification.erase("TrainingImage");
  }
}

json::object with_source_algorithm(const json::object& input, Resources& resources,
                                   const Call& call) {
  const json::value* sources = at_path(input, "SourceAlgorithmSpecification.SourceAlgorithms");
  if (sources == nullptr || input.contains("InferenceSpecification")) return input;
  const json::object& source = sources->as_array().at(0).as_object();
  const Resources::Found algorithm =
      resources.find(kind_named("algorithm"), string_or(source, "AlgorithmName"), call);
  const json::value* inference = algorithm->body.if_contains("InferenceSpecification");
  if (inference == nullptr) {
    fail_validation("The algorithm " + algorithm->arn +
                    " has no InferenceSpecification, so no model package can be made from it.");
  }
  json::object request = input;
  request["InferenceSpecification"] = *inference;
  json::array& containers = request["InferenceSpecification"].at("Containers").as_array();
  for (json::value& container : containers) {
    for (auto member : {"ModelDataUrl", "ModelDataSource", "ModelDataETag"}) {
      if (const json::value* value = source.if_contains(member)) {
        container.as_object()[member] = *value;
      }
    }
  }
  return request;
}

}  // namespace clary::api::sagemaker
