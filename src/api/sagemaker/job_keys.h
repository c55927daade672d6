// The KMS keys that a job's request names: checked when it is created, and what its run is told.
#pragma once

#include "api/call.h"
#include "api/kms/key_check.h"
#include "store/documents.h"

namespace clary::api::sagemaker {

// Whether the files of a run are encrypted on disk, with a transient key where none is named: kAuto
// where the machine can, kOn always, kOff never. What names a key where that cannot be is refused.
enum class VolumeEncryption { kAuto, kOn, kOff };

// Of Document::internal: ARN of the key of the outputs; JobSpec::volume_key.
inline constexpr std::string_view kOutputKey = "output_key";
inline constexpr std::string_view kVolumeKey = "volume_key";

struct JobKeys {
  std::string output, volume;
};

// Where a request names them.
struct JobKeyPaths {
  std::string_view output, volume;
};
inline constexpr JobKeyPaths kTrainingKeys{"OutputDataConfig.KmsKeyId",
                                           "ResourceConfig.VolumeKmsKeyId"};
inline constexpr JobKeyPaths kEndpointKeys{"DataCaptureConfig.KmsKeyId", "KmsKeyId"};

// The ARN of the key that stands at `path` of a request; "" when none does. `action`: as for
// kms::KeyCheck. Throws ValidationException when it does not exist, is disabled or may not be used
// by the caller.
std::string usable_key(const json::object& input, std::string_view path, std::string_view action,
                       const Call& call, kms::KeyCheck* keys);

// Throws ValidationException
// when a key does not exist, is disabled or may not be used by the caller, or when this machine
// cannot encrypt volumes.
JobKeys job_keys(const json::object& input, const JobKeyPaths& paths, const Call& call,
                 kms::KeyCheck* keys, VolumeEncryption volumes);
void keep_job_keys(const JobKeys& keys, store::Document& job);

}  // namespace clary::api::sagemaker
