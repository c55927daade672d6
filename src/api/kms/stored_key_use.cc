#include "api/kms/stored_key_use.h"

#include "api/kms/ciphertext.h"
#include "api/kms/operations.h"
#include "base/text.h"
#include "keys/aead.h"

namespace clary::api::kms {
namespace {

using wire::ApiError;

// The service that uses the key, as kms:ViaService names it.
std::string service_of(const Call& call) {
  const std::string& name = call.model.name();
  return name.starts_with("sagemaker") ? "sagemaker" : name;
}

}  // namespace

std::string StoredKeyUse::arn_of(const Call& call, std::string_view key_id,
                                 std::string_view service) {
  if (key_id.empty()) return access_.managed_key(call, service)->arn;
  Ask ask{.action = "DescribeKey"};
  return access_.resolve(call, key_id, ask)->arn;
}

std::string StoredKeyUse::usable(const Call& call, std::string_view key_id,
                                 std::string_view action) {
  Ask ask{.action = action.empty() ? "DescribeKey" : action};
  ask.via_service = service_of(call);
  const KeyPointer key = access_.resolve(call, key_id, ask);
  if (!action.empty()) access_.require(call, key, ask);
  require_enabled(*key);
  if (!key->symmetric()) {
    throw ApiError("InvalidKeyUsageException", key->arn + " is no symmetric encryption key.");
  }
  return key->arn;
}

keys::DataKey StoredKeyUse::generate(const Call& call, std::string_view key_arn,
                                     const keys::EncryptionContext& context) {
  Ask ask{.action = "GenerateDataKey", .encryption_context = &context};
  ask.via_service = service_of(call);
  const KeyPointer key = access_.require(call, key_arn, std::move(ask)).key;
  require_enabled(*key);
  require_usage(*key, "ENCRYPT_DECRYPT", "GenerateDataKey");
  if (!key->symmetric()) {
    throw ApiError("InvalidKeyUsageException", key->arn + " is no symmetric encryption key.");
  }
  const keys::SecretKey secret = keys::random_key();
  return {.key = secret,
          .sealed = encrypt_with(
              *key, {reinterpret_cast<const char*>(secret.bytes().data()), keys::kDataKeyBytes},
              context),
          .key_arn = key->arn};
}

keys::SecretKey StoredKeyUse::open(const Call& call, std::string_view sealed,
                                   const keys::EncryptionContext& context) {
  const auto head = read_ciphertext_head(sealed);
  if (!head) throw ApiError("InvalidCiphertextException", "");
  const KeyPointer key = keys_.find(head->key_id);
  if (key == nullptr) {
    throw ApiError("NotFoundException",
                   "Key '" + key_arn(call.region, call.account, head->key_id) + "' does not exist");
  }
  Ask ask{.action = "Decrypt", .encryption_context = &context};
  ask.via_service = service_of(call);
  access_.require(call, key, ask);
  require_enabled(*key);
  auto opened = decrypt_with(*key, sealed, context);
  if (!opened || opened->size() != keys::kDataKeyBytes) {
    throw ApiError("InvalidCiphertextException", "");
  }
  const keys::SecretKey secret(std::span<const std::byte, keys::kDataKeyBytes>(
      as_bytes(*opened).data(), keys::kDataKeyBytes));
  keys::wipe(*opened);
  return secret;
}

}  // namespace clary::api::kms
