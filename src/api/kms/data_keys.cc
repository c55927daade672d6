// GenerateDataKey, GenerateDataKeyPair, both without the plaintext, and GenerateRandom.
#include "api/kms/asymmetric.h"
#include "api/kms/ciphertext.h"
#include "api/kms/operations.h"

namespace clary::api::kms {
namespace {

using wire::ApiError;

enum class Plaintext { kGiven, kKept };

void refuse_recipient(const json::object& input) {
  if (find_object(input, "Recipient") != nullptr) {
    throw ApiError("UnsupportedOperationException", "Clary has no enclaves: Recipient.");
  }
}

std::size_t size_in(const json::object& input) {
  const auto bytes = find_int(input, "NumberOfBytes");
  const auto spec = find_string(input, "KeySpec");
  if (bytes.has_value() == spec.has_value()) {
    throw ApiError("ValidationException",
                   bytes ? "Please specify either number of bytes or key spec."
                         : "Please specify either number of bytes or key spec.");
  }
  if (bytes) return static_cast<std::size_t>(*bytes);
  return *spec == "AES_128" ? 16 : 32;
}

KeyPointer symmetric_key_for(const KmsParts& parts, const json::object& input, const Call& call,
                             Ask ask) {
  const std::string action(ask.action);
  const auto key = key_for(parts, input, call, std::move(ask));
  require_enabled(*key);
  require_usage(*key, "ENCRYPT_DECRYPT", action);
  if (!key->symmetric()) {
    throw ApiError("InvalidKeyUsageException", key->arn + " key spec is " + key->spec +
                                                   " which is not valid for " + action + ".");
  }
  return key;
}

json::object data_key(const KmsParts& parts, const json::object& input, const Call& call,
                      std::string_view action, Plaintext plaintext) {
  refuse_recipient(input);
  const auto context = context_in(input, "EncryptionContext");
  const auto key =
      symmetric_key_for(parts, input, call, {.action = action, .encryption_context = &context});
  const std::string secret = random_bytes(size_in(input));
  end_dry_run(input);
  json::object output{{"CiphertextBlob", base64(encrypt_with(*key, secret, context))},
                      {"KeyId", key->arn},
                      {"KeyMaterialId", key->materials.back().id}};
  if (plaintext == Plaintext::kGiven) output["Plaintext"] = base64(secret);
  return output;
}

json::object data_key_pair(const KmsParts& parts, const json::object& input, const Call& call,
                           std::string_view action, Plaintext plaintext) {
  refuse_recipient(input);
  const std::string spec = required(input, "KeyPairSpec");
  const auto context = context_in(input, "EncryptionContext");
  Ask ask{.action = action, .encryption_context = &context};
  ask.context["kms:datakeypairspec"] = {spec};
  const auto key = symmetric_key_for(parts, input, call, std::move(ask));
  const KeySpec* const known = find_key_spec(spec);
  if (known == nullptr) {
    throw ApiError("UnsupportedOperationException", "Clary has no key pairs of " + spec + ".");
  }
  end_dry_run(input);
  const std::string secret = new_material(known->name);
  json::object output{{"PrivateKeyCiphertextBlob", base64(encrypt_with(*key, secret, context))},
                      {"PublicKey", base64(public_key_of(secret))},
                      {"KeyId", key->arn},
                      {"KeyPairSpec", spec},
                      {"KeyMaterialId", key->materials.back().id}};
  if (plaintext == Plaintext::kGiven) output["PrivateKeyPlaintext"] = base64(secret);
  return output;
}

}  // namespace

json::object generate_data_key(const KmsParts& parts, const json::object& input, Call& call) {
  return data_key(parts, input, call, "GenerateDataKey", Plaintext::kGiven);
}

json::object generate_data_key_without_plaintext(const KmsParts& parts, const json::object& input,
                                                 Call& call) {
  json::object sized = input;
  if (!find_int(input, "NumberOfBytes") && !find_string(input, "KeySpec")) {
    sized["KeySpec"] = "AES_256";
  }
  return data_key(parts, sized, call, "GenerateDataKeyWithoutPlaintext", Plaintext::kKept);
}

json::object generate_data_key_pair(const KmsParts& parts, const json::object& input, Call& call) {
  return data_key_pair(parts, input, call, "GenerateDataKeyPair", Plaintext::kGiven);
}

json::object generate_data_key_pair_without_plaintext(const KmsParts& parts,
                                                      const json::object& input, Call& call) {
  return data_key_pair(parts, input, call, "GenerateDataKeyPairWithoutPlaintext", Plaintext::kKept);
}

json::object generate_random(const KmsParts& parts, const json::object& input, Call& call) {
  parts.access.require_plain(call, "GenerateRandom", "*");
  refuse_recipient(input);
  const auto bytes = find_int(input, "NumberOfBytes");
  if (!bytes) throw ApiError("ValidationException", "NumberOfBytes is required.");
  return {{"Plaintext", base64(random_bytes(static_cast<std::size_t>(*bytes)))}};
}

}  // namespace clary::api::kms
