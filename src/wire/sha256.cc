#include "wire/sha256.h"

#include <openssl/evp.h>

#include <algorithm>
#include <new>
#include <utility>

namespace clary::wire {
namespace {

// Fetched once: looking an algorithm up by name costs more than hashing a request. Never freed:
// threads may outlive static destruction.
const EVP_MD* algorithm() {
  static EVP_MD* const fetched = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  return fetched;
}

Sha256& thread_hash() {
  thread_local Sha256 hash;
  return hash;
}

}  // namespace

Sha256::Sha256() : context_(EVP_MD_CTX_new()) {
  if (context_ == nullptr || EVP_DigestInit_ex2(context_, algorithm(), nullptr) != 1) {
    EVP_MD_CTX_free(context_);
    throw std::bad_alloc();
  }
}

Sha256::~Sha256() {
  EVP_MD_CTX_free(context_);
}

Sha256::Sha256(Sha256&& other) noexcept : context_(std::exchange(other.context_, nullptr)) {}

Sha256& Sha256::operator=(Sha256&& other) noexcept {
  std::swap(context_, other.context_);
  return *this;
}

void Sha256::update(std::span<const std::byte> bytes) {
  if (!bytes.empty()) EVP_DigestUpdate(context_, bytes.data(), bytes.size());
}

Sha256Digest Sha256::finish() {
  Sha256Digest digest;
  unsigned size = 0;
  EVP_DigestFinal_ex(context_, reinterpret_cast<unsigned char*>(digest.data()), &size);
  EVP_DigestInit_ex2(context_, algorithm(), nullptr);
  return digest;
}

Sha256Digest sha256(std::string_view bytes) {
  Sha256& hash = thread_hash();
  hash.update(bytes);
  return hash.finish();
}

Sha256Digest hmac_sha256(std::span<const std::byte> key,
                         std::initializer_list<std::string_view> message) {
  constexpr std::size_t kBlock = 64;
  Sha256& hash = thread_hash();
  std::array<std::byte, kBlock> inner{}, outer{};
  if (key.size() > kBlock) {
    hash.update(key);
    std::ranges::copy(hash.finish(), inner.begin());
  } else {
    std::ranges::copy(key, inner.begin());
  }
  outer = inner;
  for (std::byte& byte : inner) byte ^= std::byte{0x36};
  for (std::byte& byte : outer) byte ^= std::byte{0x5c};
  hash.update(inner);
  for (const std::string_view part : message) hash.update(part);
  const Sha256Digest digest = hash.finish();
  hash.update(outer);
  hash.update(digest);
  return hash.finish();
}

HexDigest hex_digest(const Sha256Digest& digest) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  HexDigest hex;
  for (std::size_t i = 0; i < digest.size(); ++i) {
    hex.digits[2 * i] = kDigits[std::to_integer<unsigned>(digest[i]) >> 4];
    hex.digits[2 * i + 1] = kDigits[std::to_integer<unsigned>(digest[i]) & 15];
  }
  return hex;
}

}  // namespace clary::wire
