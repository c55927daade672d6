// What Encrypt and GenerateDataKey answer for a symmetric key: a blob that names its key and
// material, so that Decrypt needs neither.
//
// version (1) | key id, the 16 bytes of the UUID | material number (4, big endian) |
// keys::aead_seal() under the material, bound to all before it and to the encryption context.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "keys/key_table.h"

namespace clary::api::kms {

struct CiphertextHead {
  std::string key_id;
  std::uint32_t material = 0;
};

// Nullopt: no blob of this format.
std::optional<CiphertextHead> read_ciphertext_head(std::string_view blob);

// With the newest material of a symmetric key.
std::string encrypt_with(const keys::KmsKey& key, std::string_view plaintext,
                         const keys::EncryptionContext& context);
// Nullopt: of another key or context, of material that is gone, or damaged.
std::optional<std::string> decrypt_with(const keys::KmsKey& key, std::string_view blob,
                                        const keys::EncryptionContext& context);

}  // namespace clary::api::kms
