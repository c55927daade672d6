// What CreateTransformJob refuses beyond the service model's constraints: what cannot be, and, by
// name, what this server does not do. Sources: the API reference; the developer guide's "Use Batch
// Transform" and "Associate Prediction Results with Input Records".
#include "api/sagemaker/s3_uri.h"
#include "api/sagemaker/transform_jobs.h"
#include "base/json_path.h"
#include "base/text.h"

namespace clary::api::sagemaker {
namespace {

constexpr std::int64_t kMostMegabytes = 100;

std::string text_at(const json::object& input, std::string_view path,
                    std::string_view absent = "") {
  const json::value* value = at_path(input, path);
  return std::string(value == nullptr ? absent : value->as_string());
}

std::string media_type(const std::string& content_type) {
  return to_lower(trim(std::string_view(content_type).substr(0, content_type.find(';'))));
}

void check_uri(const json::object& input, std::string_view path) {
  const std::string uri = text_at(input, path);
  if (!uri.starts_with("s3://") || !parse_s3_uri(uri)) {
    fail_validation(std::string(path) + ": \"" + uri + "\" is not of the form s3://bucket/prefix.");
  }
}

void check_sizes(const json::object& input) {
  const std::int64_t megabytes = find_int(input, "MaxPayloadInMB").value_or(6);
  const std::int64_t concurrent = find_int(input, "MaxConcurrentTransforms").value_or(0);
  if (megabytes > kMostMegabytes) {
    fail_validation("MaxPayloadInMB must not be greater than 100.");
  }
  if (concurrent > kMostMegabytes || concurrent * megabytes > kMostMegabytes) {
    fail_validation("MaxConcurrentTransforms * MaxPayloadInMB must not exceed 100.");
  }
}

void check_filters(const json::object& input) {
  for (auto path : {"DataProcessing.InputFilter", "DataProcessing.OutputFilter"}) {
    try {
      const JsonPath parsed(text_at(input, path, "$"));
    } catch (const std::invalid_argument& bad) {
      fail_validation(std::string(path) + ": " + bad.what() + ".");
    }
  }
}

// Filters and joins need to know what a record is, in the input and in the output.
void check_processing(const json::object& input) {
  check_filters(input);
  const bool filters_input = text_at(input, "DataProcessing.InputFilter", "$") != "$";
  const bool shapes_output = text_at(input, "DataProcessing.OutputFilter", "$") != "$" ||
                             text_at(input, "DataProcessing.JoinSource") == "Input";
  if (!filters_input && !shapes_output) return;
  const std::string content = media_type(text_at(input, "TransformInput.ContentType"));
  const bool csv = content == "text/csv";
  if (!csv && content != "application/json" && content != "application/jsonlines") {
    fail_validation(
        "DataProcessing needs TransformInput.ContentType to be text/csv, application/json or "
        "application/jsonlines.");
  }
  if (csv && text_at(input, "TransformInput.SplitType") != "Line") {
    fail_validation("DataProcessing of text/csv needs TransformInput.SplitType to be Line.");
  }
  if (!shapes_output) return;
  const std::string accept = media_type(text_at(input, "TransformOutput.Accept"));
  if (!accept.empty() && accept != content) {
    fail_validation(
        "JoinSource and OutputFilter need TransformOutput.Accept to be the same as "
        "TransformInput.ContentType.");
  }
  if (csv && text_at(input, "TransformOutput.AssembleWith") != "Line") {
    fail_validation(
        "JoinSource and OutputFilter with text/csv need TransformOutput.AssembleWith to be Line.");
  }
}

void check_capture(const json::object& input) {
  const json::object* capture = find_object(input, "DataCaptureConfig");
  if (capture == nullptr) return;
  check_uri(input, "DataCaptureConfig.DestinationS3Uri");
  if (!find_bool(*capture, "GenerateInferenceId").value_or(false)) return;
  const std::string accept = media_type(text_at(input, "TransformOutput.Accept"));
  const bool known = accept.empty() || accept == "text/csv" || accept == "application/json" ||
                     accept.ends_with("jsonlines");
  if (!known) {
    fail_validation(
        "DataCaptureConfig.GenerateInferenceId needs TransformOutput.Accept to be text/csv, "
        "application/json or application/jsonlines.");
  }
}

}  // namespace

void check_transform_request(const json::object& input) {
  const std::string type = text_at(input, "TransformInput.DataSource.S3DataSource.S3DataType");
  if (type != "S3Prefix" && type != "ManifestFile") {
    fail_validation("The S3DataType " + type +
                    " is not available for transform jobs: use S3Prefix or ManifestFile.");
  }
  check_uri(input, "TransformInput.DataSource.S3DataSource.S3Uri");
  check_uri(input, "TransformOutput.S3OutputPath");
  if (at_path(input, "TransformResources.TransformAmiVersion") != nullptr) {
    fail_validation(
        "TransformAmiVersion is not available on this server: create the job without it.");
  }
  check_capture(input);
  const bool splits = text_at(input, "TransformInput.SplitType", "None") != "None";
  if (!splits && text_at(input, "TransformOutput.AssembleWith") == "Line" &&
      text_at(input, "BatchStrategy") == "MultiRecord") {
    fail_validation(
        "BatchStrategy MultiRecord needs TransformInput.SplitType to be Line, RecordIO or "
        "TFRecord.");
  }
  check_sizes(input);
  check_processing(input);
}

}  // namespace clary::api::sagemaker
