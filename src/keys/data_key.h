// Data keys of envelope encryption: used in the clear in memory, kept sealed on disk.
#pragma once

#include <openssl/crypto.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>

namespace clary::keys {

inline constexpr std::size_t kDataKeyBytes = 32;  // AES-256

// 32 secret bytes that are wiped when they go.
class SecretKey {
 public:
  SecretKey() = default;
  explicit SecretKey(std::span<const std::byte, kDataKeyBytes> bytes) {
    std::copy(bytes.begin(), bytes.end(), bytes_.begin());
  }
  SecretKey(const SecretKey&) = default;
  SecretKey& operator=(const SecretKey&) = default;
  ~SecretKey() { OPENSSL_cleanse(bytes_.data(), bytes_.size()); }
  std::span<const std::byte, kDataKeyBytes> bytes() const { return bytes_; }
  std::span<std::byte, kDataKeyBytes> writable() { return bytes_; }

 private:
  std::array<std::byte, kDataKeyBytes> bytes_{};
};

// A new key of the system's random bytes.
SecretKey random_key();

// Bound to the data key: it opens only under the same context. Not secret.
using EncryptionContext = std::map<std::string, std::string>;

struct DataKey {
  SecretKey key;
  std::string sealed;   // what to keep beside the data; opens to `key` again
  std::string key_arn;  // of the KMS key that sealed it; "" for the server's own
};

}  // namespace clary::keys
