// The keys of volumes that outlive their runs (those of notebook instances): made once, kept only
// sealed, opened whenever the volume is.
#pragma once

#include <string>

#include "base/json.h"
#include "store/documents.h"

namespace clary::api::sagemaker {

struct SealedVolumeKey {
  std::string kms_key{};  // ARN of the KMS key that seals it; "": the server's root key does
  std::string sealed{};   // base64
};

json::object to_json(const SealedVolumeKey& key);
SealedVolumeKey volume_key_from_json(const json::object& object);

// threads: any. blocks: on the store. errors: wire::ApiError in KMS's words (the key is disabled,
// pending deletion, or the role may not use it), StorageError.
class VolumeKeys {
 public:
  virtual ~VolumeKeys() = default;
  struct Made {
    SealedVolumeKey key;
    std::string plain;  // process::kFolderKeyBytes
  };
  // `owner`: the notebook instance's ARN; bound to the sealed key, which opens for no other.
  // `role`: ARN of its execution role, with whose rights a KMS key is used.
  virtual Made make(const store::DocumentKey& document, const std::string& owner,
                    const std::string& role, const std::string& kms_key) = 0;
  virtual std::string open(const store::DocumentKey& document, const std::string& owner,
                           const std::string& role, const SealedVolumeKey& key) = 0;
};

}  // namespace clary::api::sagemaker
