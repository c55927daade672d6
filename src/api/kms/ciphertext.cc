#include "api/kms/ciphertext.h"

#include <algorithm>

#include "base/text.h"
#include "keys/aead.h"

namespace clary::api::kms {
namespace {

constexpr char kVersion = 1;
constexpr std::size_t kIdBytes = 16, kHead = 1 + kIdBytes + 4;

// 8-4-4-4-12 hex digits, as random_uuid() makes them.
std::string uuid_text(std::string_view bytes) {
  std::string text = hex(as_bytes(bytes));
  for (const std::size_t at : {8U, 13U, 18U, 23U}) text.insert(at, 1, '-');
  return text;
}

std::string uuid_bytes(std::string_view text) {
  std::string digits(text);
  std::erase(digits, '-');
  const auto bytes = unhex(digits).value();
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::string binding(std::string_view head, const keys::EncryptionContext& context) {
  std::string text(head);
  for (const auto& [key, value] : context) {
    keys::append_part(text, key);
    keys::append_part(text, value);
  }
  return text;
}

keys::SecretKey key_of(const keys::KeyMaterial& material) {
  return keys::SecretKey(std::span<const std::byte, keys::kDataKeyBytes>(
      as_bytes(material.secret->bytes()).data(), keys::kDataKeyBytes));
}

}  // namespace

std::optional<CiphertextHead> read_ciphertext_head(std::string_view blob) {
  if (blob.size() < kHead + keys::kSealOverhead || blob[0] != kVersion) return std::nullopt;
  CiphertextHead head{.key_id = uuid_text(blob.substr(1, kIdBytes)), .material = 0};
  for (const char c : blob.substr(1 + kIdBytes, 4)) {
    head.material = (head.material << 8) | static_cast<unsigned char>(c);
  }
  return head;
}

std::string encrypt_with(const keys::KmsKey& key, std::string_view plaintext,
                         const keys::EncryptionContext& context) {
  const keys::KeyMaterial& material = key.materials.back();
  std::string blob(1, kVersion);
  blob += uuid_bytes(key.id);
  for (int shift = 24; shift >= 0; shift -= 8) {
    blob.push_back(static_cast<char>(material.number >> shift));
  }
  const std::string bound = binding(blob, context);
  blob += keys::aead_seal(key_of(material), plaintext, bound);
  return blob;
}

std::optional<std::string> decrypt_with(const keys::KmsKey& key, std::string_view blob,
                                        const keys::EncryptionContext& context) {
  const auto head = read_ciphertext_head(blob);
  if (!head || head->key_id != key.id || !key.symmetric()) return std::nullopt;
  const keys::KeyMaterial* const material = key.material(head->material);
  if (material == nullptr) return std::nullopt;
  return keys::aead_open(key_of(*material), blob.substr(kHead),
                         binding(blob.substr(0, kHead), context));
}

}  // namespace clary::api::kms
