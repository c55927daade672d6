#include "keys/chunk_cipher.h"

#include <openssl/hmac.h>

#include <algorithm>
#include <cstring>
#include <stdexcept>

#include "base/random.h"

namespace clary::keys {
namespace {

constexpr std::string_view kMagic = "CLARYENC";
constexpr std::byte kVersion{1};
constexpr std::byte kChunkLog2{16};
static_assert(std::size_t{1} << 16 == kChunkBytes);
constexpr std::size_t kSaltAt = 16;
constexpr std::size_t kNonceBytes = 12;

using Cipher = std::unique_ptr<EVP_CIPHER_CTX, CipherFree>;
using Nonce = std::array<unsigned char, kNonceBytes>;
enum class Direction { kOpen = 0, kSeal = 1 };

unsigned char* raw(std::byte* bytes) {
  return reinterpret_cast<unsigned char*>(bytes);
}
const unsigned char* raw(const std::byte* bytes) {
  return reinterpret_cast<const unsigned char*>(bytes);
}

void must(int result, const char* what) {
  if (result != 1) throw std::runtime_error(std::string("AES-256-GCM: ") + what);
}

const EVP_CIPHER* gcm() {
  // Fetching by name costs more than encrypting a small object.
  static const EVP_CIPHER* method = EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr);
  return method;
}

// A context that keeps its key; each use sets its nonce.
Cipher cipher_with(std::span<const std::byte> key, Direction direction) {
  Cipher cipher(EVP_CIPHER_CTX_new());
  must(EVP_CipherInit_ex2(cipher.get(), gcm(), raw(key.data()), nullptr,
                          static_cast<int>(direction), nullptr),
       "key");
  return cipher;
}

// The key of the one file that has this header.
SecretKey file_key(const SecretKey& data_key, std::span<const std::byte> header) {
  SecretKey key;
  unsigned size = 0;
  const auto secret = data_key.bytes();
  if (HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()), raw(header.data()),
           header.size(), raw(key.writable().data()), &size) == nullptr) {
    throw std::runtime_error("HMAC-SHA256 is not available");
  }
  return key;
}

Nonce nonce_of(std::uint64_t index, Position position) {
  Nonce nonce{};
  for (std::size_t i = 0; i < 8; ++i) {
    nonce[i] = static_cast<unsigned char>(index >> (56 - 8 * i));
  }
  nonce[kNonceBytes - 1] = position == Position::kLast ? 1 : 0;
  return nonce;
}

// Writes plain.size() bytes and the tag.
void seal_with(EVP_CIPHER_CTX* cipher, const Nonce& nonce, std::span<const std::byte> plain,
               std::byte* sealed) {
  int done = 0;
  must(EVP_CipherInit_ex2(cipher, nullptr, nullptr, nonce.data(), 1, nullptr), "nonce");
  if (!plain.empty()) {
    must(EVP_CipherUpdate(cipher, raw(sealed), &done, raw(plain.data()),
                          static_cast<int>(plain.size())),
         "seal");
  }
  must(EVP_CipherFinal_ex(cipher, raw(sealed + plain.size()), &done), "seal");
  must(EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_GET_TAG, kTagBytes, sealed + plain.size()), "tag");
}

// `plain` may be sealed.data(); `tag` stands outside of both.
bool open_with(EVP_CIPHER_CTX* cipher, const Nonce& nonce, std::span<const std::byte> sealed,
               std::span<const std::byte, kTagBytes> tag, std::byte* plain) {
  int done = 0;
  must(EVP_CipherInit_ex2(cipher, nullptr, nullptr, nonce.data(), 0, nullptr), "nonce");
  if (!sealed.empty() && EVP_CipherUpdate(cipher, raw(plain), &done, raw(sealed.data()),
                                          static_cast<int>(sealed.size())) != 1) {
    return false;
  }
  // OpenSSL copies the tag, it only does not say so.
  must(EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_SET_TAG, kTagBytes,
                           const_cast<std::byte*>(tag.data())),
       "tag");
  unsigned char rest[kTagBytes];
  return EVP_CipherFinal_ex(cipher, rest, &done) == 1;
}

ChunkHeader new_header() {
  ChunkHeader header{};
  std::memcpy(header.data(), kMagic.data(), kMagic.size());
  header[kMagic.size()] = kVersion;
  header[kMagic.size() + 1] = kChunkLog2;
  fill_random(std::span(header).subspan(kSaltAt));
  return header;
}

bool known(std::span<const std::byte, kHeaderBytes> header) {
  if (std::memcmp(header.data(), kMagic.data(), kMagic.size()) != 0) return false;
  if (header[kMagic.size()] != kVersion || header[kMagic.size() + 1] != kChunkLog2) return false;
  return std::ranges::all_of(header.subspan(kMagic.size() + 2, kSaltAt - kMagic.size() - 2),
                             [](std::byte byte) { return byte == std::byte{0}; });
}

}  // namespace

SecretKey random_key() {
  SecretKey key;
  fill_random(key.writable());
  return key;
}

ChunkSealer::ChunkSealer(const SecretKey& data_key) : header_(new_header()) {
  cipher_ = cipher_with(file_key(data_key, header_).bytes(), Direction::kSeal);
}

void ChunkSealer::seal(std::span<const std::byte> plain, Position position, std::byte* sealed) {
  seal_with(cipher_.get(), nonce_of(next_++, position), plain, sealed);
}

std::optional<ChunkOpener> ChunkOpener::make(const SecretKey& data_key,
                                             std::span<const std::byte, kHeaderBytes> header) {
  if (!known(header)) return std::nullopt;
  ChunkOpener opener;
  opener.cipher_ = cipher_with(file_key(data_key, header).bytes(), Direction::kOpen);
  return opener;
}

bool ChunkOpener::open(std::uint64_t index, Position position, std::span<const std::byte> sealed,
                       std::byte* plain) {
  if (sealed.size() < kTagBytes) return false;
  return open_with(cipher_.get(), nonce_of(index, position),
                   sealed.first(sealed.size() - kTagBytes), sealed.last<kTagBytes>(), plain);
}

bool ChunkOpener::open(std::uint64_t index, Position position, std::span<std::byte> chunk,
                       std::span<const std::byte, kTagBytes> tag) {
  return open_with(cipher_.get(), nonce_of(index, position), chunk, tag, chunk.data());
}

std::string seal_bytes(const SecretKey& data_key, std::string_view plain) {
  ChunkSealer sealer(data_key);
  std::string sealed(sealed_size(plain.size()), '\0');
  std::memcpy(sealed.data(), sealer.header().data(), kHeaderBytes);
  auto* out = reinterpret_cast<std::byte*>(sealed.data()) + kHeaderBytes;
  auto left = std::as_bytes(std::span(plain));
  while (true) {
    const auto chunk = left.first(std::min(left.size(), kChunkBytes));
    left = left.subspan(chunk.size());
    sealer.seal(chunk, left.empty() ? Position::kLast : Position::kBefore, out);
    if (left.empty()) return sealed;
    out += chunk.size() + kTagBytes;
  }
}

std::optional<std::string> open_bytes(const SecretKey& data_key, std::string_view sealed) {
  if (sealed.size() < kHeaderBytes + kTagBytes) return std::nullopt;
  auto left = std::as_bytes(std::span(sealed));
  auto opener = ChunkOpener::make(data_key, left.first<kHeaderBytes>());
  if (!opener) return std::nullopt;
  left = left.subspan(kHeaderBytes);
  const std::size_t chunks = (left.size() + kSealedChunkBytes - 1) / kSealedChunkBytes;
  if (left.size() < chunks * kTagBytes) return std::nullopt;
  std::string plain(left.size() - chunks * kTagBytes, '\0');
  auto* out = reinterpret_cast<std::byte*>(plain.data());
  for (std::uint64_t index = 0; !left.empty(); ++index) {
    const auto chunk = left.first(std::min(left.size(), kSealedChunkBytes));
    left = left.subspan(chunk.size());
    const auto position = left.empty() ? Position::kLast : Position::kBefore;
    if (!opener->open(index, position, chunk, out)) return std::nullopt;
    out += chunk.size() - kTagBytes;
  }
  return plain;
}

}  // namespace clary::keys
