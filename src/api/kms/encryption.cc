// Encrypt, Decrypt, ReEncrypt.
#include "api/kms/asymmetric.h"
#include "api/kms/ciphertext.h"
#include "api/kms/operations.h"

namespace clary::api::kms {
namespace {

using wire::ApiError;

constexpr std::string_view kUsage = "ENCRYPT_DECRYPT";
constexpr std::string_view kSymmetric = "SYMMETRIC_DEFAULT";

void require_algorithm(const keys::KmsKey& key, std::string_view algorithm) {
  if ((algorithm == kSymmetric) == key.symmetric()) return;
  throw ApiError(
      "InvalidKeyUsageException",
      "Algorithm " + std::string(algorithm) + " is incompatible with key spec " + key.spec + ".");
}

void refuse_recipient(const json::object& input) {
  if (find_object(input, "Recipient") != nullptr) {
    throw ApiError("UnsupportedOperationException", "Clary has no enclaves: Recipient.");
  }
}

std::string encrypted(const keys::KmsKey& key, std::string_view algorithm,
                      std::string_view plaintext, const keys::EncryptionContext& context) {
  require_usage(key, kUsage, "Encrypt");
  require_algorithm(key, algorithm);
  if (key.symmetric()) return encrypt_with(key, plaintext, context);
  if (!context.empty()) {
    throw ApiError("ValidationException",
                   "Encryption context is not supported with asymmetric keys.");
  }
  return rsa_encrypt(key, algorithm, plaintext);
}

// What Decrypt and ReEncrypt read: the blob, and how their members are called.
struct Source {
  std::string blob, key_id, algorithm;
  keys::EncryptionContext context;
  std::string_view action;
};

struct Decrypted {
  KeyPointer key;
  std::string plaintext;
};

// The key that the blob names; AWS does not tell a stranger's key from none.
KeyPointer key_of_blob(const KmsParts& parts, const Call& call, const Source& source) {
  const auto head = read_ciphertext_head(source.blob);
  if (!head) throw ApiError("InvalidCiphertextException", "");
  const KeyPointer key = parts.keys.find(head->key_id);
  if (key == nullptr || key->region != call.region) {
    throw ApiError("AccessDeniedException",
                   "The ciphertext refers to a customer master key that does not exist, does not "
                   "exist in this region, or you are not allowed to access.");
  }
  return key;
}

Decrypted decrypted(const KmsParts& parts, const Call& call, const Source& source,
                    const identity::Context& further = {}) {
  Ask ask{.action = source.action, .encryption_context = &source.context, .context = further};
  ask.context["kms:encryptionalgorithm"] = {source.algorithm};
  KeyPointer key;
  if (source.key_id.empty()) {
    if (source.algorithm != kSymmetric) {
      throw ApiError("ValidationException", "KeyId is required to decrypt with an asymmetric key");
    }
    key = key_of_blob(parts, call, source);
  } else {
    key = parts.access.resolve(call, source.key_id, ask);
  }
  parts.access.require(call, key, ask);
  require_enabled(*key);
  require_usage(*key, kUsage, source.action);
  require_algorithm(*key, source.algorithm);
  if (key->symmetric()) {
    const auto head = read_ciphertext_head(source.blob);
    if (head && head->key_id != key->id) {
      throw ApiError("IncorrectKeyException",
                     "The key ID in the request does not identify a CMK that can perform this "
                     "operation.");
    }
  }
  auto plaintext = key->symmetric() ? decrypt_with(*key, source.blob, source.context)
                                    : rsa_decrypt(*key, source.algorithm, source.blob);
  if (!plaintext) throw ApiError("InvalidCiphertextException", "");
  return {std::move(key), std::move(*plaintext)};
}

std::string material_of(const keys::KmsKey& key, std::string_view blob) {
  const auto head = read_ciphertext_head(blob);
  const keys::KeyMaterial* const material = head ? key.material(head->material) : nullptr;
  return material == nullptr ? std::string() : material->id;
}

}  // namespace

json::object encrypt(const KmsParts& parts, const json::object& input, Call& call) {
  const auto context = context_in(input, "EncryptionContext");
  const std::string algorithm = string_or(input, "EncryptionAlgorithm", kSymmetric);
  Ask ask{.action = "Encrypt", .encryption_context = &context};
  ask.context["kms:encryptionalgorithm"] = {algorithm};
  const auto key = key_for(parts, input, call, std::move(ask));
  require_enabled(*key);
  const std::string blob = encrypted(*key, algorithm, blob_in(input, "Plaintext"), context);
  end_dry_run(input);
  return {
      {"CiphertextBlob", base64(blob)}, {"KeyId", key->arn}, {"EncryptionAlgorithm", algorithm}};
}

json::object decrypt(const KmsParts& parts, const json::object& input, Call& call) {
  refuse_recipient(input);
  const Source source{.blob = blob_in(input, "CiphertextBlob"),
                      .key_id = string_or(input, "KeyId"),
                      .algorithm = string_or(input, "EncryptionAlgorithm", kSymmetric),
                      .context = context_in(input, "EncryptionContext"),
                      .action = "Decrypt"};
  const Decrypted result = decrypted(parts, call, source);
  end_dry_run(input);
  json::object output{{"KeyId", result.key->arn},
                      {"Plaintext", base64(result.plaintext)},
                      {"EncryptionAlgorithm", source.algorithm}};
  if (result.key->symmetric()) output["KeyMaterialId"] = material_of(*result.key, source.blob);
  return output;
}

json::object re_encrypt(const KmsParts& parts, const json::object& input, Call& call) {
  const Source source{.blob = blob_in(input, "CiphertextBlob"),
                      .key_id = string_or(input, "SourceKeyId"),
                      .algorithm = string_or(input, "SourceEncryptionAlgorithm", kSymmetric),
                      .context = context_in(input, "SourceEncryptionContext"),
                      .action = "ReEncryptFrom"};
  const auto context = context_in(input, "DestinationEncryptionContext");
  const std::string algorithm = string_or(input, "DestinationEncryptionAlgorithm", kSymmetric);
  Ask to{.action = "ReEncryptTo", .encryption_context = &context};
  to.context["kms:encryptionalgorithm"] = {algorithm};
  const auto target = parts.access.resolve(call, required(input, "DestinationKeyId"), to);
  const auto head = read_ciphertext_head(source.blob);
  const std::string same = head && head->key_id == target->id ? "true" : "false";
  to.context["kms:reencryptonsamekey"] = {same};
  const Decrypted opened = decrypted(parts, call, source, {{"kms:reencryptonsamekey", {same}}});
  parts.access.require(call, target, to);
  require_enabled(*target);
  const std::string blob = encrypted(*target, algorithm, opened.plaintext, context);
  end_dry_run(input);
  json::object output{{"CiphertextBlob", base64(blob)},
                      {"SourceKeyId", opened.key->arn},
                      {"KeyId", target->arn},
                      {"SourceEncryptionAlgorithm", source.algorithm},
                      {"DestinationEncryptionAlgorithm", algorithm}};
  if (opened.key->symmetric()) {
    output["SourceKeyMaterialId"] = material_of(*opened.key, source.blob);
  }
  if (target->symmetric()) output["DestinationKeyMaterialId"] = target->materials.back().id;
  return output;
}

}  // namespace clary::api::kms
