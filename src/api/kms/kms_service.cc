#include "api/kms/kms_service.h"

#include "api/kms/operations.h"

namespace clary::api {

std::vector<OperationEntry> KmsService::operations() {
  const auto on = [this](kms::Operation* operation) -> Plain {
    return [this, operation](const json::object& input, Call& call) {
      return operation(parts_, input, call);
    };
  };
  return {
      {"CreateKey", on(kms::create_key), {}},
      {"DescribeKey", on(kms::describe_key), {}},
      {"ListKeys", on(kms::list_keys), {}},
      {"UpdateKeyDescription", on(kms::update_key_description), {}},
      {"EnableKey", on(kms::enable_key), {}},
      {"DisableKey", on(kms::disable_key), {}},
      {"ScheduleKeyDeletion", on(kms::schedule_key_deletion), {}},
      {"CancelKeyDeletion", on(kms::cancel_key_deletion), {}},
      {"EnableKeyRotation", on(kms::enable_key_rotation), {}},
      {"DisableKeyRotation", on(kms::disable_key_rotation), {}},
      {"GetKeyRotationStatus", on(kms::get_key_rotation_status), {}},
      {"RotateKeyOnDemand", on(kms::rotate_key_on_demand), {}},
      {"ListKeyRotations", on(kms::list_key_rotations), {}},
      {"GetKeyPolicy", on(kms::get_key_policy), {}},
      {"PutKeyPolicy", on(kms::put_key_policy), {}},
      {"ListKeyPolicies", on(kms::list_key_policies), {}},
      {"TagResource", on(kms::tag_resource), {}},
      {"UntagResource", on(kms::untag_resource), {}},
      {"ListResourceTags", on(kms::list_resource_tags), {}},
      {"CreateAlias", on(kms::create_alias), {}},
      {"UpdateAlias", on(kms::update_alias), {}},
      {"DeleteAlias", on(kms::delete_alias), {}},
      {"ListAliases", on(kms::list_aliases), {}},
      {"CreateGrant", on(kms::create_grant), {}},
      {"ListGrants", on(kms::list_grants), {}},
      {"ListRetirableGrants", on(kms::list_retirable_grants), {}},
      {"RetireGrant", on(kms::retire_grant), {}},
      {"RevokeGrant", on(kms::revoke_grant), {}},
      {"Encrypt", on(kms::encrypt), {}},
      {"Decrypt", on(kms::decrypt), {}},
      {"ReEncrypt", on(kms::re_encrypt), {}},
      {"GenerateDataKey", on(kms::generate_data_key), {}},
      {"GenerateDataKeyWithoutPlaintext", on(kms::generate_data_key_without_plaintext), {}},
      {"GenerateDataKeyPair", on(kms::generate_data_key_pair), {}},
      {"GenerateDataKeyPairWithoutPlaintext",
       on(kms::generate_data_key_pair_without_plaintext),
       {}},
      {"GenerateRandom", on(kms::generate_random), {}},
      {"Sign", on(kms::sign), {}},
      {"Verify", on(kms::verify), {}},
      {"GetPublicKey", on(kms::get_public_key), {}},
      {"GenerateMac", on(kms::generate_mac), {}},
      {"VerifyMac", on(kms::verify_mac), {}},
  };
}

}  // namespace clary::api
