// RSA, elliptic curve and HMAC keys, by OpenSSL. Private keys are PKCS#8 DER, public ones
// SubjectPublicKeyInfo DER, as KMS hands them out.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "keys/key_table.h"

namespace clary::api::kms {

// Fresh material for a KeySpec that find_key_spec() knows. blocks: an RSA_4096 key for a second.
std::string new_material(std::string_view spec);
std::string public_key_of(std::string_view private_key);

// OAEP with SHA-1 or SHA-256. Throws ValidationException when the plaintext is too long.
std::string rsa_encrypt(const keys::KmsKey& key, std::string_view algorithm,
                        std::string_view plaintext);
std::optional<std::string> rsa_decrypt(const keys::KmsKey& key, std::string_view algorithm,
                                       std::string_view ciphertext);

enum class Message { kRaw, kDigest };
// Throws ValidationException on a digest of the wrong length.
std::string sign_with(const keys::KmsKey& key, std::string_view algorithm, std::string_view message,
                      Message kind);
bool verify_with(const keys::KmsKey& key, std::string_view algorithm, std::string_view message,
                 Message kind, std::string_view signature);

// "HMAC_SHA_256" of the message under an HMAC key.
std::string mac_with(const keys::KmsKey& key, std::string_view algorithm, std::string_view message);

}  // namespace clary::api::kms
