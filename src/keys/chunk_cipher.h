// Bytes at rest, encrypted in chunks: AES-256-GCM over 64 KiB at a time, so that any range of a
// large file can be read and checked without the rest.
//
// A sealed file is a header of 48 bytes ("CLARYENC", version 1, log2 of the chunk size, six zero
// bytes, 32 random bytes) and the chunks, each followed by its tag of 16 bytes. Every file has a
// key of its own: HMAC-SHA256(data key, header). A chunk's nonce is its number (8 bytes, big
// endian) and whether it is the last (4 bytes): a chunk that was changed, moved, left out, or after
// which the file was cut does not open. A file without bytes is one empty chunk. Format and
// reasons: docs/decisions/encryption.md.
#pragma once

#include <openssl/evp.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "keys/data_key.h"

namespace clary::keys {

inline constexpr std::size_t kChunkBytes = 64 * 1024;
inline constexpr std::size_t kTagBytes = 16;
inline constexpr std::size_t kSealedChunkBytes = kChunkBytes + kTagBytes;
inline constexpr std::size_t kHeaderBytes = 48;
using ChunkHeader = std::array<std::byte, kHeaderBytes>;

// How many bytes `plain` ones become, header and tags included.
constexpr std::uint64_t sealed_size(std::uint64_t plain) {
  const std::uint64_t chunks = plain == 0 ? 1 : (plain + kChunkBytes - 1) / kChunkBytes;
  return kHeaderBytes + plain + chunks * kTagBytes;
}

struct CipherFree {
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};

enum class Position { kBefore, kLast };

// Seals the chunks of one new file, in order. threads: one at a time.
class ChunkSealer {
 public:
  explicit ChunkSealer(const SecretKey& data_key);
  const ChunkHeader& header() const { return header_; }
  // The next chunk: kChunkBytes, or fewer in the last. Writes plain.size() + kTagBytes to `sealed`.
  void seal(std::span<const std::byte> plain, Position position, std::byte* sealed);

 private:
  ChunkHeader header_{};
  std::unique_ptr<EVP_CIPHER_CTX, CipherFree> cipher_;
  std::uint64_t next_ = 0;
};

// Opens chunks of one file, in any order. threads: one at a time.
class ChunkOpener {
 public:
  // Nullopt: no header of a version this program knows.
  static std::optional<ChunkOpener> make(const SecretKey& data_key,
                                         std::span<const std::byte, kHeaderBytes> header);
  // `sealed` is chunk `index` with its tag; writes sealed.size() - kTagBytes to `plain`, which may
  // be sealed.data(). False when it is not what was sealed there: nothing in `plain` counts then.
  [[nodiscard]] bool open(std::uint64_t index, Position position, std::span<const std::byte> sealed,
                          std::byte* plain);
  // The same in place, with the tag apart from the chunk.
  [[nodiscard]] bool open(std::uint64_t index, Position position, std::span<std::byte> chunk,
                          std::span<const std::byte, kTagBytes> tag);

 private:
  ChunkOpener() = default;
  std::unique_ptr<EVP_CIPHER_CTX, CipherFree> cipher_;
};

// A whole sealed file in memory: for bytes that stand in a database.
std::string seal_bytes(const SecretKey& data_key, std::string_view plain);
// Nullopt: another key, or damaged.
std::optional<std::string> open_bytes(const SecretKey& data_key, std::string_view sealed);

}  // namespace clary::keys
