#include "server/volume_keys.h"

#include "base/text.h"
#include "process/folder_key.h"

namespace clary::server {
namespace {

using api::sagemaker::SealedVolumeKey;
using wire::ApiError;

constexpr std::string_view kPurpose = "volumes";

json::object context_of(const std::string& owner) {
  return {{"aws:sagemaker:notebook-instance-arn", owner}};
}

std::string plain_in(const json::object& answer) {
  auto plain = unbase64(string_or(answer, "Plaintext"));
  if (!plain || plain->size() != process::kFolderKeyBytes) {
    throw ApiError("InvalidCiphertextException", "What KMS keeps is no key of a volume.");
  }
  return *std::move(plain);
}

}  // namespace

json::object ServerVolumeKeys::ask_kms(const store::DocumentKey& document, const std::string& role,
                                       std::string_view operation, const json::object& input) {
  json::object answer;
  call_as_role(
      parts_,
      {.account = document.account,
       .region = document.region,
       .role = role,
       .service = "kms",
       .operation = operation,
       .head = role_call_head()},
      [&](const ServiceRegistry::Entry&, const KnownOperation&) { return input; },
      [&](const KnownOperation& known, json::object given, api::Call& call) {
        answer = known.built->plain(given, call);
        return 200U;
      });
  return answer;
}

ServerVolumeKeys::Made ServerVolumeKeys::make(const store::DocumentKey& document,
                                              const std::string& owner, const std::string& role,
                                              const std::string& kms_key) {
  if (kms_key.empty()) {
    std::string plain = process::random_folder_key();
    std::string sealed = base64(sealer_.seal(kPurpose, plain, owner));
    return {.key = {.kms_key = {}, .sealed = std::move(sealed)}, .plain = std::move(plain)};
  }
  const json::object answer = ask_kms(document, role, "GenerateDataKey",
                                      {{"KeyId", kms_key},
                                       {"NumberOfBytes", process::kFolderKeyBytes},
                                       {"EncryptionContext", context_of(owner)}});
  return {
      .key = {.kms_key = string_or(answer, "KeyId"), .sealed = string_or(answer, "CiphertextBlob")},
      .plain = plain_in(answer)};
}

std::string ServerVolumeKeys::open(const store::DocumentKey& document, const std::string& owner,
                                   const std::string& role, const SealedVolumeKey& key) {
  if (!key.kms_key.empty()) {
    return plain_in(ask_kms(document, role, "Decrypt",
                            {{"KeyId", key.kms_key},
                             {"CiphertextBlob", key.sealed},
                             {"EncryptionContext", context_of(owner)}}));
  }
  const auto sealed = unbase64(key.sealed);
  auto plain = sealed ? sealer_.open(kPurpose, *sealed, owner) : std::nullopt;
  if (!plain || plain->size() != process::kFolderKeyBytes) {
    throw ApiError("InvalidCiphertextException",
                   "The key of the volume of " + owner +
                       " does not open: it was sealed for another, or under another root key.");
  }
  return *std::move(plain);
}

}  // namespace clary::server
