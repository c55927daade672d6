// An identity provider for tests: a key of its own, the tokens it signs, its JWK set.
#pragma once

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include <algorithm>
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/text.h"

namespace clary::identity {

class TestSigner {
 public:
  enum class Type { kRsa, kEc };
  explicit TestSigner(Type type = Type::kEc);
  ~TestSigner();
  TestSigner(const TestSigner&) = delete;
  TestSigner& operator=(const TestSigner&) = delete;

  // `header` is added to alg and kid, and may replace them.
  std::string token(const json::object& claims, const json::object& header = {}) const;
  std::string keys() const;

 private:
  const Type type_;
  EVP_PKEY* key_;
};

inline std::string base64url(std::string_view bytes) {
  std::string text = base64(bytes);
  std::ranges::replace(text, '+', '-');
  std::ranges::replace(text, '/', '_');
  text.erase(text.find_last_not_of('=') + 1);
  return text;
}

inline std::string number(const EVP_PKEY* key, const char* name, int bytes) {
  BIGNUM* value = nullptr;
  EVP_PKEY_get_bn_param(key, name, &value);
  std::string text(static_cast<std::size_t>(bytes > 0 ? bytes : BN_num_bytes(value)), '\0');
  BN_bn2binpad(value, reinterpret_cast<unsigned char*>(text.data()), static_cast<int>(text.size()));
  BN_free(value);
  return text;
}

// r and s of a DER signature, side by side.
inline std::string pair_of(std::string_view der) {
  const auto* bytes = reinterpret_cast<const unsigned char*>(der.data());
  ECDSA_SIG* const signature = d2i_ECDSA_SIG(nullptr, &bytes, static_cast<long>(der.size()));
  std::string pair(64, '\0');
  auto* out = reinterpret_cast<unsigned char*>(pair.data());
  BN_bn2binpad(ECDSA_SIG_get0_r(signature), out, 32);
  BN_bn2binpad(ECDSA_SIG_get0_s(signature), out + 32, 32);
  ECDSA_SIG_free(signature);
  return pair;
}

inline TestSigner::TestSigner(Type type)
    : type_(type), key_(type == Type::kEc ? EVP_EC_gen("P-256") : EVP_RSA_gen(2048)) {}

inline TestSigner::~TestSigner() {
  EVP_PKEY_free(key_);
}

inline std::string TestSigner::token(const json::object& claims, const json::object& header) const {
  json::object head{{"alg", type_ == Type::kEc ? "ES256" : "RS256"}, {"kid", "one"}};
  for (const auto& [name, value] : header) head[name] = value;
  const std::string text =
      base64url(json::serialize(head)) + "." + base64url(json::serialize(claims));
  EVP_MD_CTX* const context = EVP_MD_CTX_new();
  EVP_DigestSignInit_ex(context, nullptr, "SHA256", nullptr, nullptr, key_, nullptr);
  std::string signature(1024, '\0');
  std::size_t length = signature.size();
  EVP_DigestSign(context, reinterpret_cast<unsigned char*>(signature.data()), &length,
                 reinterpret_cast<const unsigned char*>(text.data()), text.size());
  EVP_MD_CTX_free(context);
  signature.resize(length);
  return text + "." + base64url(type_ == Type::kEc ? pair_of(signature) : signature);
}

inline std::string TestSigner::keys() const {
  json::object key{{"kid", "one"}, {"use", "sig"}};
  if (type_ == Type::kEc) {
    key["kty"] = "EC";
    key["crv"] = "P-256";
    key["x"] = base64url(number(key_, OSSL_PKEY_PARAM_EC_PUB_X, 32));
    key["y"] = base64url(number(key_, OSSL_PKEY_PARAM_EC_PUB_Y, 32));
  } else {
    key["kty"] = "RSA";
    key["n"] = base64url(number(key_, OSSL_PKEY_PARAM_RSA_N, 0));
    key["e"] = base64url(number(key_, OSSL_PKEY_PARAM_RSA_E, 0));
  }
  return json::serialize(json::object{{"keys", json::array{key}}});
}

}  // namespace clary::identity
