#include "identity/web_token.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

#include <algorithm>
#include <memory>
#include <span>

#include "base/text.h"

namespace clary::identity {
namespace {

// Far more than any provider's token has; what is behind it is parsed before it is trusted.
constexpr std::size_t kMaxTokenBytes = 20000;

template <auto Free>
struct Freed {
  template <class T>
  void operator()(T* pointer) const {
    Free(pointer);
  }
};
using Number = std::unique_ptr<BIGNUM, Freed<BN_free>>;
using Key = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;
using KeyContext = std::unique_ptr<EVP_PKEY_CTX, Freed<EVP_PKEY_CTX_free>>;
using Builder = std::unique_ptr<OSSL_PARAM_BLD, Freed<OSSL_PARAM_BLD_free>>;
using Parameters = std::unique_ptr<OSSL_PARAM, Freed<OSSL_PARAM_free>>;
using DigestContext = std::unique_ptr<EVP_MD_CTX, Freed<EVP_MD_CTX_free>>;
using Signature = std::unique_ptr<ECDSA_SIG, Freed<ECDSA_SIG_free>>;

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

std::optional<std::string> unbase64url(std::string_view text) {
  std::string standard(text);
  std::ranges::replace(standard, '-', '+');
  std::ranges::replace(standard, '_', '/');
  if (standard.find('=') != std::string::npos) return std::nullopt;
  standard.append((4 - standard.size() % 4) % 4, '=');
  return unbase64(standard);
}

std::optional<json::object> object_in(std::string_view base64url) {
  const auto text = unbase64url(base64url);
  if (!text) return std::nullopt;
  boost::system::error_code error;
  json::value value = json::parse(*text, error);
  if (error || !value.is_object()) return std::nullopt;
  return std::move(value.get_object());
}

struct Algorithm {
  std::string_view name, key_type;
  const char* digest;
  const char* curve;  // OpenSSL's name, of EC only
  std::string_view jwk_curve;
  std::size_t coordinate_bytes;
};

constexpr Algorithm kAlgorithms[] = {
    {"RS256", "RSA", "SHA256", nullptr, "", 0},
    {"RS384", "RSA", "SHA384", nullptr, "", 0},
    {"RS512", "RSA", "SHA512", nullptr, "", 0},
    {"ES256", "EC", "SHA256", "prime256v1", "P-256", 32},
    {"ES384", "EC", "SHA384", "secp384r1", "P-384", 48},
};

Key key_from(const char* type, OSSL_PARAM_BLD* builder) {
  const Parameters parameters(OSSL_PARAM_BLD_to_param(builder));
  const KeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
  EVP_PKEY* key = nullptr;
  if (parameters == nullptr || context == nullptr || EVP_PKEY_fromdata_init(context.get()) <= 0 ||
      EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, parameters.get()) <= 0) {
    return nullptr;
  }
  return Key(key);
}

Key rsa_key(const json::object& jwk) {
  const auto modulus = unbase64url(string_or(jwk, "n")),
             exponent = unbase64url(string_or(jwk, "e"));
  constexpr std::size_t kLeastBytes = 256, kMostBytes = 1024;
  if (!modulus || !exponent || modulus->size() < kLeastBytes || modulus->size() > kMostBytes ||
      exponent->empty() || exponent->size() > 8) {
    return nullptr;
  }
  const Number n(BN_bin2bn(bytes_of(*modulus), static_cast<int>(modulus->size()), nullptr));
  const Number e(BN_bin2bn(bytes_of(*exponent), static_cast<int>(exponent->size()), nullptr));
  if (n == nullptr || BN_num_bits(n.get()) < 2048) return nullptr;
  const Builder builder(OSSL_PARAM_BLD_new());
  OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, n.get());
  OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, e.get());
  return key_from("RSA", builder.get());
}

Key ec_key(const json::object& jwk, const Algorithm& algorithm) {
  const auto x = unbase64url(string_or(jwk, "x")), y = unbase64url(string_or(jwk, "y"));
  if (string_or(jwk, "crv") != algorithm.jwk_curve || !x || !y ||
      x->size() != algorithm.coordinate_bytes || y->size() != algorithm.coordinate_bytes) {
    return nullptr;
  }
  const std::string point = "\x04" + *x + *y;  // uncompressed
  const Builder builder(OSSL_PARAM_BLD_new());
  OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, algorithm.curve, 0);
  OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(),
                                   point.size());
  return key_from("EC", builder.get());
}

Key key_of(const json::object& jwk, const Algorithm& algorithm) {
  if (string_or(jwk, "kty") != algorithm.key_type) return nullptr;
  if (const auto use = find_string(jwk, "use"); use && *use != "sig") return nullptr;
  if (const auto named = find_string(jwk, "alg"); named && *named != algorithm.name) return nullptr;
  return algorithm.curve == nullptr ? rsa_key(jwk) : ec_key(jwk, algorithm);
}

// JWS has r and s side by side where OpenSSL wants them in DER.
std::string der_of(std::string_view pair, std::size_t half) {
  if (pair.size() != 2 * half) return {};
  const Signature signature(ECDSA_SIG_new());
  BIGNUM* const r = BN_bin2bn(bytes_of(pair), static_cast<int>(half), nullptr);
  BIGNUM* const s = BN_bin2bn(bytes_of(pair.substr(half)), static_cast<int>(half), nullptr);
  ECDSA_SIG_set0(signature.get(), r, s);
  unsigned char* der = nullptr;
  const int length = i2d_ECDSA_SIG(signature.get(), &der);
  if (length <= 0) return {};
  std::string text(reinterpret_cast<const char*>(der), static_cast<std::size_t>(length));
  OPENSSL_free(der);
  return text;
}

bool verifies(EVP_PKEY* key, const Algorithm& algorithm, std::string_view text,
              std::string_view signature) {
  const DigestContext context(EVP_MD_CTX_new());
  return EVP_DigestVerifyInit_ex(context.get(), nullptr, algorithm.digest, nullptr, nullptr, key,
                                 nullptr) == 1 &&
         EVP_DigestVerify(context.get(), bytes_of(signature), signature.size(), bytes_of(text),
                          text.size()) == 1;
}

json::array keys_in(std::string_view text) {
  boost::system::error_code error;
  const json::value value = json::parse(text, error);
  if (error || !value.is_object()) return {};
  const json::array* const keys = find_array(value.get_object(), "keys");
  return keys == nullptr ? json::array() : *keys;
}

}  // namespace

std::optional<WebToken> parse_web_token(std::string_view text) {
  if (text.size() > kMaxTokenBytes || std::ranges::count(text, '.') != 2) return std::nullopt;
  const auto first = text.find('.'), second = text.rfind('.');
  const auto header = object_in(text.substr(0, first));
  auto claims = object_in(text.substr(first + 1, second - first - 1));
  auto signature = unbase64url(text.substr(second + 1));
  // A header that says what must be understood says nothing that is understood here.
  if (!header || !claims || !signature || header->contains("crit")) return std::nullopt;
  return WebToken{.algorithm = string_or(*header, "alg"),
                  .key_id = string_or(*header, "kid"),
                  .claims = *std::move(claims),
                  .signed_text = std::string(text.substr(0, second)),
                  .signature = *std::move(signature)};
}

bool signed_by(const WebToken& token, std::string_view keys) {
  const auto algorithm = std::ranges::find(kAlgorithms, token.algorithm, &Algorithm::name);
  if (algorithm == std::end(kAlgorithms)) return false;
  const std::string signature = algorithm->curve == nullptr
                                    ? token.signature
                                    : der_of(token.signature, algorithm->coordinate_bytes);
  if (signature.empty()) return false;
  for (const json::value& entry : keys_in(keys)) {
    if (!entry.is_object()) continue;
    const json::object& jwk = entry.get_object();
    if (!token.key_id.empty() && string_or(jwk, "kid") != token.key_id) continue;
    const Key key = key_of(jwk, *algorithm);
    if (key && verifies(key.get(), *algorithm, token.signed_text, signature)) return true;
  }
  return false;
}

std::optional<std::string> fault_of_keys(std::string_view keys) {
  const json::array entries = keys_in(keys);
  if (entries.empty()) return "it is no JWK set: a JSON object with a list \"keys\"";
  for (const json::value& entry : entries) {
    if (!entry.is_object()) continue;
    for (const Algorithm& algorithm : kAlgorithms) {
      if (key_of(entry.get_object(), algorithm) != nullptr) return std::nullopt;
    }
  }
  return "it has no key for RS256, RS384, RS512, ES256 or ES384";
}

}  // namespace clary::identity
