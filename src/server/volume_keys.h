// The keys of volumes, sealed by KMS with the rights of a role, or by the server's root key.
#pragma once

#include "api/sagemaker/volume_keys.h"
#include "keys/sealer.h"
#include "server/role_calls.h"

namespace clary::server {

// A KMS key is asked as a job's agent asks it: GenerateDataKey when the volume is made and Decrypt
// each time it is opened are calls of the role, so that its policies, the key's policy, grants and
// state decide, and both stand in the audit log. Their encryption context names the volume's owner.
// owns nothing. threads: any.
class ServerVolumeKeys final : public api::sagemaker::VolumeKeys {
 public:
  ServerVolumeKeys(const RoleCallParts& parts, keys::Sealer& sealer)
      : parts_(parts), sealer_(sealer) {}
  Made make(const store::DocumentKey& document, const std::string& owner, const std::string& role,
            const std::string& kms_key) override;
  std::string open(const store::DocumentKey& document, const std::string& owner,
                   const std::string& role, const api::sagemaker::SealedVolumeKey& key) override;

 private:
  json::object ask_kms(const store::DocumentKey& document, const std::string& role,
                       std::string_view operation, const json::object& input);

  const RoleCallParts parts_;
  keys::Sealer& sealer_;
};

}  // namespace clary::server
