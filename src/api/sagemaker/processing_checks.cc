// What CreateProcessingJob refuses beyond the service model's constraints: what cannot be, and, by
// name, what this server does not do.
#include <filesystem>
#include <set>

#include "api/sagemaker/processing_jobs.h"
#include "api/sagemaker/s3_uri.h"

namespace clary::api::sagemaker {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kFolder = "/opt/ml/processing/";

// Source: ProcessingS3Input's and ProcessingS3Output's reference: an absolute path that starts with
// /opt/ml/processing/, required unless the application manages the data itself.
std::string checked_path(const json::object& source, const std::string& what) {
  const std::string path = string_or(source, "LocalPath");
  if (path.empty()) fail_validation(what + " must have a LocalPath, since AppManaged is false.");
  bool inside = path.starts_with(kFolder) && path.size() > kFolder.size() &&
                path.find('\0') == std::string::npos;
  for (const fs::path& part : fs::path(path)) inside = inside && part != "..";
  if (!inside) {
    fail_validation(what + ": the LocalPath \"" + path + "\" must start with " +
                    std::string(kFolder) + " and lead to a folder in it.");
  }
  std::string normal = fs::path(path).lexically_normal();
  if (normal.ends_with('/')) normal.pop_back();
  return normal;
}

void check_uri(const json::object& source, const std::string& what) {
  const std::string uri = string_or(source, "S3Uri");
  if (!uri.starts_with("s3://") || !parse_s3_uri(uri)) {
    fail_validation(what + ": the S3Uri \"" + uri + "\" is not of the form s3://bucket/prefix.");
  }
}

void check_input(const json::object& input, std::set<std::string>& paths) {
  const std::string what = "Processing input \"" + string_or(input, "InputName") + "\"";
  if (input.contains("DatasetDefinition")) {
    fail_validation(what +
                    ": DatasetDefinition (Athena, Redshift) is not available on this server: put "
                    "the data into S3 and give an S3Input.");
  }
  const json::object* source = find_object(input, "S3Input");
  if (source == nullptr) fail_validation(what + " must have an S3Input.");
  check_uri(*source, what);
  if (find_bool(input, "AppManaged").value_or(false)) return;
  if (!paths.insert(checked_path(*source, what)).second) {
    fail_validation(what + ": another input has the same LocalPath.");
  }
}

void check_output(const json::object& output) {
  const std::string what = "Processing output \"" + string_or(output, "OutputName") + "\"";
  if (output.contains("FeatureStoreOutput")) {
    fail_validation(what +
                    ": FeatureStoreOutput is not available on this server: write to S3 and ingest "
                    "the records from there.");
  }
  const json::object* target = find_object(output, "S3Output");
  if (target == nullptr) fail_validation(what + " must have an S3Output.");
  check_uri(*target, what);
  if (!find_bool(output, "AppManaged").value_or(false)) checked_path(*target, what);
}

void check_resources(const json::object& input) {
  const json::object& cluster = at_path(input, "ProcessingResources.ClusterConfig")->as_object();
  if (cluster.contains("InstancePreferences")) {
    fail_validation(
        "InstancePreferences are not available on this server: give ClusterConfig an InstanceType "
        "and an InstanceCount.");
  }
  if (!cluster.contains("InstanceType") || !cluster.contains("InstanceCount")) {
    fail_validation("ClusterConfig must specify InstanceType and InstanceCount.");
  }
}

template <class Check>
void check_each(const json::array* entries, std::string_view name_member, const Check& check) {
  if (entries == nullptr) return;
  std::set<std::string> names;
  for (const json::value& entry : *entries) {
    const std::string name = string_or(entry.as_object(), name_member);
    if (!names.insert(name).second) {
      fail_validation(std::string(name_member) + "s must be unique: \"" + name +
                      "\" is given twice.");
    }
    check(entry.as_object());
  }
}

}  // namespace

void check_processing_request(const json::object& input) {
  check_resources(input);
  std::set<std::string> paths;
  check_each(find_array(input, "ProcessingInputs"), "InputName",
             [&](const json::object& entry) { check_input(entry, paths); });
  if (const json::object* outputs = find_object(input, "ProcessingOutputConfig")) {
    check_each(find_array(*outputs, "Outputs"), "OutputName", check_output);
  }
}

}  // namespace clary::api::sagemaker
