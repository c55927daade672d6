#include "api/sagemaker/job_keys.h"

#include "api/sagemaker/resources.h"
#include "process/encrypted_disk.h"

namespace clary::api::sagemaker {
namespace {

std::string key_at(const json::object& input, std::string_view path) {
  const json::value* const key = path.empty() ? nullptr : at_path(input, path);
  return key == nullptr ? std::string() : std::string(key->as_string());
}

std::string usable(const std::string& key, std::string_view path, std::string_view action,
                   const Call& call, kms::KeyCheck* keys) {
  if (keys == nullptr) {
    fail_validation("Encryption with a KMS key (" + std::string(path) +
                    ") is not available on this server: leave the key out.");
  }
  try {
    return keys->usable(call, key, action);
  } catch (const wire::ApiError& error) {
    if (error.code() == "AccessDeniedException") throw;
    fail_validation("The KMS key of " + std::string(path) + " cannot be used: " + error.what());
  }
}

}  // namespace

std::string usable_key(const json::object& input, std::string_view path, std::string_view action,
                       const Call& call, kms::KeyCheck* keys) {
  const std::string key = key_at(input, path);
  return key.empty() ? key : usable(key, path, action, call, keys);
}

JobKeys job_keys(const json::object& input, const JobKeyPaths& paths, const Call& call,
                 kms::KeyCheck* keys, VolumeEncryption volumes) {
  JobKeys found;
  const std::string output = key_at(input, paths.output), volume = key_at(input, paths.volume);
  // The job's role writes the outputs: whether it may use the key shows then.
  if (!output.empty()) found.output = usable(output, paths.output, "", call, keys);
  if (!volume.empty()) {
    found.volume = usable(volume, paths.volume, "CreateGrant", call, keys);
    if (volumes == VolumeEncryption::kOff) {
      fail_validation(std::string(paths.volume) +
                      ": the server's setting encrypt_job_volumes is off; leave the key out.");
    }
  } else if (volumes == VolumeEncryption::kOn) {
    found.volume = "transient";
  }
  if (found.volume.empty()) return found;
  if (const auto why = process::why_no_encrypted_folders()) {
    fail_validation("This server cannot encrypt the volumes of jobs: " + *why + ".");
  }
  return found;
}

void keep_job_keys(const JobKeys& keys, store::Document& job) {
  if (!keys.output.empty()) job.internal[kOutputKey] = keys.output;
  if (!keys.volume.empty()) job.internal[kVolumeKey] = keys.volume;
}

}  // namespace clary::api::sagemaker
