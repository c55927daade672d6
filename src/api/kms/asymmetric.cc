#include "api/kms/asymmetric.h"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <array>
#include <map>
#include <memory>
#include <stdexcept>

#include "api/kms/operations.h"

namespace clary::api::kms {
namespace {

using wire::ApiError;
using KeyHandle = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using KeyContext = std::unique_ptr<EVP_PKEY_CTX, decltype(&EVP_PKEY_CTX_free)>;

void require_done(int code) {
  if (code <= 0) throw std::runtime_error("OpenSSL failed at an asymmetric key");
}

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}
unsigned char* bytes_of(std::string& text) {
  return reinterpret_cast<unsigned char*>(text.data());
}

KeyHandle generate(std::string_view spec) {
  static const std::map<std::string_view, const char*> kCurves{{"ECC_NIST_P256", "P-256"},
                                                               {"ECC_NIST_P384", "P-384"},
                                                               {"ECC_NIST_P521", "P-521"},
                                                               {"ECC_SECG_P256K1", "secp256k1"}};
  if (const auto curve = kCurves.find(spec); curve != kCurves.end()) {
    return {EVP_EC_gen(curve->second), EVP_PKEY_free};
  }
  const std::size_t bits = spec == "RSA_2048" ? 2048 : spec == "RSA_3072" ? 3072 : 4096;
  return {EVP_RSA_gen(bits), EVP_PKEY_free};
}

KeyHandle parse(std::string_view private_key) {
  const unsigned char* at = bytes_of(private_key);
  KeyHandle key(d2i_AutoPrivateKey(nullptr, &at, static_cast<long>(private_key.size())),
                EVP_PKEY_free);
  if (key == nullptr) throw std::runtime_error("a private key cannot be read");
  return key;
}

std::string private_key_text(EVP_PKEY* key) {
  const std::unique_ptr<PKCS8_PRIV_KEY_INFO, decltype(&PKCS8_PRIV_KEY_INFO_free)> info(
      EVP_PKEY2PKCS8(key), PKCS8_PRIV_KEY_INFO_free);
  unsigned char* der = nullptr;
  const int length = i2d_PKCS8_PRIV_KEY_INFO(info.get(), &der);
  require_done(length);
  std::string text(reinterpret_cast<const char*>(der), static_cast<std::size_t>(length));
  OPENSSL_clear_free(der, static_cast<std::size_t>(length));
  return text;
}

const EVP_MD* digest_of(std::string_view algorithm) {
  if (algorithm.ends_with("SHA_1")) return EVP_sha1();
  if (algorithm.ends_with("SHA_224")) return EVP_sha224();
  if (algorithm.ends_with("SHA_384")) return EVP_sha384();
  if (algorithm.ends_with("SHA_512")) return EVP_sha512();
  return EVP_sha256();
}

KeyHandle private_key(const keys::KmsKey& key) {
  return parse(key.materials.back().secret->bytes());
}

KeyContext context_for(EVP_PKEY* key) {
  KeyContext context(EVP_PKEY_CTX_new(key, nullptr), EVP_PKEY_CTX_free);
  if (context == nullptr) throw std::bad_alloc();
  return context;
}

void set_oaep(EVP_PKEY_CTX* context, std::string_view algorithm) {
  require_done(EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_OAEP_PADDING));
  require_done(EVP_PKEY_CTX_set_rsa_oaep_md(context, digest_of(algorithm)));
  require_done(EVP_PKEY_CTX_set_rsa_mgf1_md(context, digest_of(algorithm)));
}

void set_signing(EVP_PKEY_CTX* context, std::string_view algorithm) {
  require_done(EVP_PKEY_CTX_set_signature_md(context, digest_of(algorithm)));
  if (algorithm.starts_with("RSASSA_PSS")) {
    require_done(EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING));
    require_done(EVP_PKEY_CTX_set_rsa_pss_saltlen(context, RSA_PSS_SALTLEN_DIGEST));
  } else if (algorithm.starts_with("RSASSA_PKCS1")) {
    require_done(EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING));
  }
}

std::string digest(std::string_view algorithm, std::string_view message, Message kind) {
  const EVP_MD* const type = digest_of(algorithm);
  const auto size = static_cast<std::size_t>(EVP_MD_get_size(type));
  if (kind == Message::kDigest) {
    if (message.size() != size) {
      throw ApiError("ValidationException",
                     "Digest is invalid length for algorithm " + std::string(algorithm) + ".");
    }
    return std::string(message);
  }
  std::string out(size, '\0');
  require_done(EVP_Digest(message.data(), message.size(), bytes_of(out), nullptr, type, nullptr));
  return out;
}

}  // namespace

std::string new_material(std::string_view spec) {
  if (spec == "SYMMETRIC_DEFAULT") return random_bytes(keys::kDataKeyBytes);
  if (spec.starts_with("HMAC_")) {
    return random_bytes(static_cast<std::size_t>(std::stoul(std::string(spec.substr(5)))) / 8);
  }
  const KeyHandle key = generate(spec);
  if (key == nullptr) throw std::runtime_error("OpenSSL cannot make a key");
  return private_key_text(key.get());
}

std::string public_key_of(std::string_view private_key) {
  const KeyHandle key = parse(private_key);
  unsigned char* der = nullptr;
  const int length = i2d_PUBKEY(key.get(), &der);
  require_done(length);
  std::string text(reinterpret_cast<const char*>(der), static_cast<std::size_t>(length));
  OPENSSL_free(der);
  return text;
}

std::string rsa_encrypt(const keys::KmsKey& key, std::string_view algorithm,
                        std::string_view plaintext) {
  const KeyHandle handle = private_key(key);
  const auto modulus = static_cast<std::size_t>(EVP_PKEY_get_size(handle.get()));
  const auto hash = static_cast<std::size_t>(EVP_MD_get_size(digest_of(algorithm)));
  const std::size_t most = modulus - 2 * hash - 2;  // RFC 8017, section 7.1.1
  if (plaintext.size() > most) {
    throw ApiError("ValidationException", "Algorithm " + std::string(algorithm) + " and key spec " +
                                              key.spec + " cannot encrypt data larger than " +
                                              std::to_string(most) + " bytes.");
  }
  const KeyContext context = context_for(handle.get());
  require_done(EVP_PKEY_encrypt_init(context.get()));
  set_oaep(context.get(), algorithm);
  std::string out(modulus, '\0');
  std::size_t length = out.size();
  require_done(EVP_PKEY_encrypt(context.get(), bytes_of(out), &length, bytes_of(plaintext),
                                plaintext.size()));
  out.resize(length);
  return out;
}

std::optional<std::string> rsa_decrypt(const keys::KmsKey& key, std::string_view algorithm,
                                       std::string_view ciphertext) {
  const KeyHandle handle = private_key(key);
  const KeyContext context = context_for(handle.get());
  require_done(EVP_PKEY_decrypt_init(context.get()));
  set_oaep(context.get(), algorithm);
  std::string out(static_cast<std::size_t>(EVP_PKEY_get_size(handle.get())), '\0');
  std::size_t length = out.size();
  if (EVP_PKEY_decrypt(context.get(), bytes_of(out), &length, bytes_of(ciphertext),
                       ciphertext.size()) <= 0) {
    return std::nullopt;
  }
  out.resize(length);
  return out;
}

std::string sign_with(const keys::KmsKey& key, std::string_view algorithm, std::string_view message,
                      Message kind) {
  const std::string hash = digest(algorithm, message, kind);
  const KeyHandle handle = private_key(key);
  const KeyContext context = context_for(handle.get());
  require_done(EVP_PKEY_sign_init(context.get()));
  set_signing(context.get(), algorithm);
  std::string out(static_cast<std::size_t>(EVP_PKEY_get_size(handle.get())), '\0');
  std::size_t length = out.size();
  require_done(EVP_PKEY_sign(context.get(), bytes_of(out), &length, bytes_of(hash), hash.size()));
  out.resize(length);
  return out;
}

bool verify_with(const keys::KmsKey& key, std::string_view algorithm, std::string_view message,
                 Message kind, std::string_view signature) {
  const std::string hash = digest(algorithm, message, kind);
  const KeyHandle handle = private_key(key);
  const KeyContext context = context_for(handle.get());
  require_done(EVP_PKEY_verify_init(context.get()));
  set_signing(context.get(), algorithm);
  return EVP_PKEY_verify(context.get(), bytes_of(signature), signature.size(), bytes_of(hash),
                         hash.size()) == 1;
}

std::string mac_with(const keys::KmsKey& key, std::string_view algorithm,
                     std::string_view message) {
  const std::string_view secret = key.materials.back().secret->bytes();
  std::string out(EVP_MAX_MD_SIZE, '\0');
  unsigned length = 0;
  if (HMAC(digest_of(algorithm), secret.data(), static_cast<int>(secret.size()), bytes_of(message),
           message.size(), bytes_of(out), &length) == nullptr) {
    require_done(0);
  }
  out.resize(length);
  return out;
}

}  // namespace clary::api::kms
