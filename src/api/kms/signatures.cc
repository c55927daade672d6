// Sign, Verify, GetPublicKey, GenerateMac, VerifyMac.
#include <algorithm>

#include "api/kms/asymmetric.h"
#include "api/kms/operations.h"
#include "base/text.h"

namespace clary::api::kms {
namespace {

using wire::ApiError;

Message kind_in(const json::object& input) {
  const std::string kind = string_or(input, "MessageType", "RAW");
  if (kind == "RAW") return Message::kRaw;
  if (kind == "DIGEST") return Message::kDigest;
  throw ApiError("ValidationException", "MessageType " + kind + " is for ML-DSA keys only.");
}

void require_algorithm(const keys::KmsKey& key, const std::vector<std::string_view>& algorithms,
                       std::string_view algorithm) {
  if (std::find(algorithms.begin(), algorithms.end(), algorithm) != algorithms.end()) return;
  throw ApiError(
      "InvalidKeyUsageException",
      "Algorithm " + std::string(algorithm) + " is incompatible with key spec " + key.spec + ".");
}

KeyPointer signing_key_for(const KmsParts& parts, const json::object& input, const Call& call,
                           std::string_view action) {
  Ask ask{.action = action};
  ask.context["kms:signingalgorithm"] = {required(input, "SigningAlgorithm")};
  ask.context["kms:messagetype"] = {string_or(input, "MessageType", "RAW")};
  const auto key = key_for(parts, input, call, std::move(ask));
  require_enabled(*key);
  require_usage(*key, "SIGN_VERIFY", action);
  require_algorithm(*key, find_key_spec(key->spec)->signing, required(input, "SigningAlgorithm"));
  return key;
}

KeyPointer mac_key_for(const KmsParts& parts, const json::object& input, const Call& call,
                       std::string_view action) {
  Ask ask{.action = action};
  ask.context["kms:macalgorithm"] = {required(input, "MacAlgorithm")};
  const auto key = key_for(parts, input, call, std::move(ask));
  require_enabled(*key);
  require_usage(*key, "GENERATE_VERIFY_MAC", action);
  require_algorithm(*key, find_key_spec(key->spec)->mac, required(input, "MacAlgorithm"));
  return key;
}

}  // namespace

json::object sign(const KmsParts& parts, const json::object& input, Call& call) {
  const auto key = signing_key_for(parts, input, call, "Sign");
  const std::string algorithm = required(input, "SigningAlgorithm");
  const std::string signature =
      sign_with(*key, algorithm, blob_in(input, "Message"), kind_in(input));
  end_dry_run(input);
  return {{"KeyId", key->arn}, {"Signature", base64(signature)}, {"SigningAlgorithm", algorithm}};
}

json::object verify(const KmsParts& parts, const json::object& input, Call& call) {
  const auto key = signing_key_for(parts, input, call, "Verify");
  const std::string algorithm = required(input, "SigningAlgorithm");
  const bool valid = verify_with(*key, algorithm, blob_in(input, "Message"), kind_in(input),
                                 blob_in(input, "Signature"));
  end_dry_run(input);
  if (!valid) throw ApiError("KMSInvalidSignatureException", "");
  return {{"KeyId", key->arn}, {"SignatureValid", true}, {"SigningAlgorithm", algorithm}};
}

json::object get_public_key(const KmsParts& parts, const json::object& input, Call& call) {
  const auto key = key_for(parts, input, call, {.action = "GetPublicKey"});
  require_enabled(*key);
  const KeySpec& spec = *find_key_spec(key->spec);
  if (key->symmetric() || !spec.mac.empty()) {
    throw ApiError("UnsupportedOperationException", key->arn + " has no public key.");
  }
  json::object output{{"KeyId", key->arn},
                      {"PublicKey", base64(public_key_of(key->materials.back().secret->bytes()))},
                      {"CustomerMasterKeySpec", key->spec},
                      {"KeySpec", key->spec},
                      {"KeyUsage", key->usage}};
  if (key->usage == "SIGN_VERIFY") {
    output["SigningAlgorithms"] = algorithm_names(spec.signing);
  } else {
    output["EncryptionAlgorithms"] = algorithm_names(spec.encryption);
  }
  return output;
}

json::object generate_mac(const KmsParts& parts, const json::object& input, Call& call) {
  const auto key = mac_key_for(parts, input, call, "GenerateMac");
  const std::string algorithm = required(input, "MacAlgorithm");
  end_dry_run(input);
  return {{"Mac", base64(mac_with(*key, algorithm, blob_in(input, "Message")))},
          {"MacAlgorithm", algorithm},
          {"KeyId", key->arn}};
}

json::object verify_mac(const KmsParts& parts, const json::object& input, Call& call) {
  const auto key = mac_key_for(parts, input, call, "VerifyMac");
  const std::string algorithm = required(input, "MacAlgorithm");
  end_dry_run(input);
  const std::string mac = mac_with(*key, algorithm, blob_in(input, "Message"));
  if (!equals_constant_time(mac, blob_in(input, "Mac"))) {
    throw ApiError("KMSInvalidMacException", "");
  }
  return {{"KeyId", key->arn}, {"MacValid", true}, {"MacAlgorithm", algorithm}};
}

}  // namespace clary::api::kms
