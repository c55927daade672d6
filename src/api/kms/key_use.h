// KMS keys as other services use them: on behalf of the caller, with the key's policy asked.
#pragma once

#include <string>
#include <string_view>

#include "api/call.h"
#include "keys/data_key.h"

namespace clary::api::kms {

// threads: any. Does not block for a key that was used lately. errors: ApiError with KMS's code
// (NotFoundException, DisabledException, KMSInvalidStateException, AccessDeniedException) and
// words; S3 answers them with its own "KMS." codes.
class KeyUse {
 public:
  virtual ~KeyUse() = default;
  // The ARN of a key named by id, ARN, alias name or alias ARN in the caller's account and region.
  // "" names the AWS managed key of `service` ("s3"): alias/aws/s3, made at first use.
  virtual std::string arn_of(const Call& call, std::string_view key_id,
                             std::string_view service) = 0;
  // As kms:GenerateDataKey, AES_256.
  virtual keys::DataKey generate(const Call& call, std::string_view key_arn,
                                 const keys::EncryptionContext& context) = 0;
  // As kms:Decrypt of DataKey::sealed.
  virtual keys::SecretKey open(const Call& call, std::string_view sealed,
                               const keys::EncryptionContext& context) = 0;
};

}  // namespace clary::api::kms
