#include "api/kms/key_specs.h"

#include <algorithm>

namespace clary::api::kms {
namespace {

const std::vector<std::string_view> kOaep{"RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256"};
const std::vector<std::string_view> kRsaSigning{
    "RSASSA_PKCS1_V1_5_SHA_256", "RSASSA_PKCS1_V1_5_SHA_384", "RSASSA_PKCS1_V1_5_SHA_512",
    "RSASSA_PSS_SHA_256",        "RSASSA_PSS_SHA_384",        "RSASSA_PSS_SHA_512"};

KeySpec symmetric() {
  return {.name = "SYMMETRIC_DEFAULT",
          .usages = {"ENCRYPT_DECRYPT"},
          .encryption = {"SYMMETRIC_DEFAULT"},
          .signing = {},
          .mac = {}};
}
KeySpec rsa(std::string_view name) {
  return {.name = name,
          .usages = {"ENCRYPT_DECRYPT", "SIGN_VERIFY"},
          .encryption = kOaep,
          .signing = kRsaSigning,
          .mac = {}};
}
KeySpec elliptic(std::string_view name, std::string_view algorithm) {
  return {
      .name = name, .usages = {"SIGN_VERIFY"}, .encryption = {}, .signing = {algorithm}, .mac = {}};
}
KeySpec hmac(std::string_view name, std::string_view algorithm) {
  return {.name = name,
          .usages = {"GENERATE_VERIFY_MAC"},
          .encryption = {},
          .signing = {},
          .mac = {algorithm}};
}

}  // namespace

const KeySpec* find_key_spec(std::string_view name) {
  static const std::vector<KeySpec> kSpecs{symmetric(),
                                           rsa("RSA_2048"),
                                           rsa("RSA_3072"),
                                           rsa("RSA_4096"),
                                           elliptic("ECC_NIST_P256", "ECDSA_SHA_256"),
                                           elliptic("ECC_NIST_P384", "ECDSA_SHA_384"),
                                           elliptic("ECC_NIST_P521", "ECDSA_SHA_512"),
                                           elliptic("ECC_SECG_P256K1", "ECDSA_SHA_256"),
                                           hmac("HMAC_224", "HMAC_SHA_224"),
                                           hmac("HMAC_256", "HMAC_SHA_256"),
                                           hmac("HMAC_384", "HMAC_SHA_384"),
                                           hmac("HMAC_512", "HMAC_SHA_512")};
  const auto found = std::find_if(kSpecs.begin(), kSpecs.end(),
                                  [&](const KeySpec& spec) { return spec.name == name; });
  return found == kSpecs.end() ? nullptr : &*found;
}

json::array algorithm_names(std::span<const std::string_view> algorithms) {
  json::array names;
  for (const std::string_view name : algorithms) names.emplace_back(name);
  return names;
}

}  // namespace clary::api::kms
