#include "api/sagemaker/volume_keys.h"

namespace clary::api::sagemaker {

json::object to_json(const SealedVolumeKey& key) {
  return {{"kms_key", key.kms_key}, {"sealed", key.sealed}};
}

SealedVolumeKey volume_key_from_json(const json::object& object) {
  return {.kms_key = string_or(object, "kms_key"), .sealed = string_or(object, "sealed")};
}

}  // namespace clary::api::sagemaker
