#include "keys/aead.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <memory>
#include <new>
#include <stdexcept>

#include "base/random.h"

namespace clary::keys {
namespace {

constexpr std::size_t kSalt = 16, kNonce = 12, kTag = 16;
constexpr std::string_view kMessageKey = "clary message key 1";

using Context = std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)>;

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}
unsigned char* bytes_of(std::string& text) {
  return reinterpret_cast<unsigned char*>(text.data());
}
const unsigned char* bytes_of(const SecretKey& key) {
  return reinterpret_cast<const unsigned char*>(key.bytes().data());
}

void hmac(const SecretKey& key, std::string_view message, SecretKey& out) {
  unsigned length = 0;
  if (HMAC(EVP_sha256(), bytes_of(key), kDataKeyBytes, bytes_of(message), message.size(),
           reinterpret_cast<unsigned char*>(out.writable().data()), &length) == nullptr) {
    throw std::runtime_error("OpenSSL has no HMAC-SHA256");
  }
}

SecretKey message_key(const SecretKey& key, std::string_view salt) {
  SecretKey derived;
  hmac(key, std::string(kMessageKey) + std::string(salt), derived);
  return derived;
}

void require(int code) {
  if (code != 1) throw std::runtime_error("OpenSSL failed at AES-256-GCM");
}

// Looked up once: OpenSSL 3 searches its providers at each use of EVP_aes_256_gcm().
const EVP_CIPHER* aes_256_gcm() {
  static EVP_CIPHER* const kCipher = EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr);
  return kCipher;
}

Context new_context() {
  Context context(EVP_CIPHER_CTX_new(), EVP_CIPHER_CTX_free);
  if (context == nullptr) throw std::bad_alloc();
  return context;
}

}  // namespace

std::string aead_seal(const SecretKey& key, std::string_view plaintext, std::string_view bound) {
  std::string out(kSalt + kNonce, '\0');
  fill_random(std::as_writable_bytes(std::span(out)));
  const SecretKey message = message_key(key, std::string_view(out).substr(0, kSalt));
  out.resize(kSalt + kNonce + plaintext.size() + kTag);
  unsigned char* const text = bytes_of(out) + kSalt + kNonce;
  const Context context = new_context();
  int length = 0;
  require(EVP_EncryptInit_ex2(context.get(), aes_256_gcm(), bytes_of(message),
                              bytes_of(out) + kSalt, nullptr));
  require(EVP_EncryptUpdate(context.get(), nullptr, &length, bytes_of(bound),
                            static_cast<int>(bound.size())));
  require(EVP_EncryptUpdate(context.get(), text, &length, bytes_of(plaintext),
                            static_cast<int>(plaintext.size())));
  require(EVP_EncryptFinal_ex(context.get(), text + length, &length));
  require(EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_GET_TAG, kTag, text + plaintext.size()));
  return out;
}

std::optional<std::string> aead_open(const SecretKey& key, std::string_view sealed,
                                     std::string_view bound) {
  if (sealed.size() < kSealOverhead) return std::nullopt;
  const SecretKey message = message_key(key, sealed.substr(0, kSalt));
  const std::string_view text = sealed.substr(kSalt + kNonce, sealed.size() - kSealOverhead);
  std::string tag(sealed.substr(sealed.size() - kTag));
  std::string out(text.size(), '\0');
  const Context context = new_context();
  int length = 0;
  require(EVP_DecryptInit_ex2(context.get(), aes_256_gcm(), bytes_of(message),
                              bytes_of(sealed) + kSalt, nullptr));
  require(EVP_DecryptUpdate(context.get(), nullptr, &length, bytes_of(bound),
                            static_cast<int>(bound.size())));
  require(EVP_DecryptUpdate(context.get(), bytes_of(out), &length, bytes_of(text),
                            static_cast<int>(text.size())));
  require(EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_SET_TAG, kTag, tag.data()));
  if (EVP_DecryptFinal_ex(context.get(), bytes_of(out) + out.size(), &length) != 1) {
    wipe(out);
    return std::nullopt;
  }
  return out;
}

SecretKey derive_key(const SecretKey& key, std::string_view info) {
  // One block of HKDF: extract with a salt of zeros, expand once.
  SecretKey extracted, derived;
  const SecretKey zeros;
  hmac(zeros, {reinterpret_cast<const char*>(key.bytes().data()), kDataKeyBytes}, extracted);
  hmac(extracted, std::string(info) + '\x01', derived);
  return derived;
}

void append_part(std::string& out, std::string_view text) {
  const auto size = static_cast<std::uint32_t>(text.size());
  for (int shift = 24; shift >= 0; shift -= 8) out.push_back(static_cast<char>(size >> shift));
  out += text;
}

void wipe(std::string& text) {
  OPENSSL_cleanse(text.data(), text.size());
  text.clear();
}

}  // namespace clary::keys
