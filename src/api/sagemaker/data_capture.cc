#include "api/sagemaker/data_capture.h"

#include "api/sagemaker/s3_uri.h"
#include "base/text.h"

namespace clary::api::sagemaker {
namespace {

bool enabled(const json::object& config) {
  return find_bool(config, "EnableCapture").value_or(true);
}

std::vector<std::string> media_types(const json::object& config, std::string_view member) {
  std::vector<std::string> types;
  const json::object* header = find_object(config, "CaptureContentTypeHeader");
  const json::array* list = header == nullptr ? nullptr : find_array(*header, member);
  if (list == nullptr) return types;
  for (const json::value& type : *list) types.push_back(to_lower(type.as_string()));
  return types;
}

}  // namespace

void check_data_capture(const json::object& input) {
  const json::object* config = find_object(input, "DataCaptureConfig");
  if (config == nullptr) return;
  const std::string uri = string_or(*config, "DestinationS3Uri");
  if (!parse_s3_uri(uri)) {
    fail_validation("The DestinationS3Uri of DataCaptureConfig, \"" + uri +
                    "\", is no S3 location.");
  }
}

json::object capture_summary(const Fleet& fleet) {
  const bool on = enabled(fleet.capture);
  return {{"EnableCapture", on},
          {"CaptureStatus", on ? "Started" : "Stopped"},
          {"CurrentSamplingPercentage",
           find_int(fleet.capture, "InitialSamplingPercentage").value_or(0)},
          {"DestinationS3Uri", string_or(fleet.capture, "DestinationS3Uri")},
          // The output shape requires it, so that "" stands for none.
          {"KmsKeyId", string_or(fleet.capture, "KmsKeyId")}};
}

std::shared_ptr<const engine::CapturePlan> capture_plan(const store::DocumentKey& endpoint,
                                                        const Fleet& fleet,
                                                        const FleetVariant& variant) {
  const json::object& config = fleet.capture;
  if (config.empty() || !enabled(config)) return nullptr;
  const auto percentage = find_int(config, "InitialSamplingPercentage").value_or(0);
  const auto location = parse_s3_uri(string_or(config, "DestinationS3Uri"));
  if (percentage <= 0 || !location) return nullptr;
  auto plan = std::make_shared<engine::CapturePlan>();
  plan->account = endpoint.account;
  plan->region = endpoint.region;
  plan->endpoint = endpoint.name;
  plan->variant = variant.name;
  plan->role = variant.role;
  plan->bucket = location->bucket;
  plan->prefix = location->key;
  while (plan->prefix.ends_with('/')) plan->prefix.pop_back();
  plan->kms_key = fleet.capture_key;
  plan->percentage = static_cast<unsigned>(percentage);
  if (const json::array* options = find_array(config, "CaptureOptions")) {
    for (const json::value& option : *options) {
      const std::string mode = string_or(option.as_object(), "CaptureMode");
      plan->input |= mode == "Input" || mode == "InputAndOutput";
      plan->output |= mode == "Output" || mode == "InputAndOutput";
    }
  }
  plan->csv_types = media_types(config, "CsvContentTypes");
  plan->json_types = media_types(config, "JsonContentTypes");
  return plan;
}

}  // namespace clary::api::sagemaker
