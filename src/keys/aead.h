// Authenticated encryption of short secrets, and the derivation of keys: what the sealer and KMS
// are made of. Pure functions.
//
// A sealed text is  salt (16) | nonce (12) | AES-256-GCM ciphertext | tag (16).  The key of each
// message is HMAC-SHA256(key, "clary message key 1" | salt): with 224 random bits for each message,
// any number of them may be sealed under one key (NIST SP 800-38D bounds random 96-bit nonces alone
// to 2^32).
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "keys/data_key.h"

namespace clary::keys {

// What a sealed text is longer than its plaintext.
inline constexpr std::size_t kSealOverhead = 16 + 12 + 16;

std::string aead_seal(const SecretKey& key, std::string_view plaintext, std::string_view bound);
// Nullopt: another key, other `bound`, or damaged.
std::optional<std::string> aead_open(const SecretKey& key, std::string_view sealed,
                                     std::string_view bound);

// HKDF-SHA256 (RFC 5869) without a salt: a key for one use, from a key that is uniformly random.
SecretKey derive_key(const SecretKey& key, std::string_view info);

// `text` with its length before it, so that texts that stand side by side cannot be cut otherwise.
void append_part(std::string& out, std::string_view text);

// Overwritten, then empty.
void wipe(std::string& text);

}  // namespace clary::keys
