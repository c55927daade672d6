// KeyUse and KeyCheck over the keys of this server.
#pragma once

#include "api/kms/key_access.h"
#include "api/kms/key_check.h"
#include "api/kms/key_use.h"

namespace clary::api::kms {

// owns nothing. threads: any.
class StoredKeyUse final : public KeyUse, public KeyCheck {
 public:
  StoredKeyUse(keys::KeyTable& keys, KeyAccess& access) : keys_(keys), access_(access) {}
  std::string arn_of(const Call& call, std::string_view key_id, std::string_view service) override;
  keys::DataKey generate(const Call& call, std::string_view key_arn,
                         const keys::EncryptionContext& context) override;
  keys::SecretKey open(const Call& call, std::string_view sealed,
                       const keys::EncryptionContext& context) override;
  std::string usable(const Call& call, std::string_view key_id, std::string_view action) override;

 private:
  keys::KeyTable& keys_;
  KeyAccess& access_;
};

}  // namespace clary::api::kms
