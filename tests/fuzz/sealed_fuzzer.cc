// What the sealer and KMS read back from disk and from clients: nothing opens that they did not
// seal.
#include "api/kms/ciphertext.h"
#include "keys/keys_fixture.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  using namespace clary;
  static keys::TestSealer sealer;
  static const keys::KmsKey key = [] {
    keys::KmsKey made;
    made.id = "11111111-2222-3333-4444-555555555555";
    keys::KeyMaterial material;
    material.number = 1;
    material.secret = std::make_shared<const keys::Secret>(std::string(keys::kDataKeyBytes, 'k'));
    made.materials = {material};
    return made;
  }();
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  if (sealer.open("fuzz", text, "bound")) __builtin_trap();
  sealer.is_current(text);
  const auto head = api::kms::read_ciphertext_head(text);
  if (head && head->key_id.size() != key.id.size()) __builtin_trap();
  if (api::kms::decrypt_with(key, text, {{"a", "b"}})) __builtin_trap();
  // What was sealed opens, and one changed byte of it does not.
  std::string sealed = sealer.seal("fuzz", text, "bound");
  if (sealer.open("fuzz", sealed, "bound") != text) __builtin_trap();
  std::string blob = api::kms::encrypt_with(key, text, {{"a", "b"}});
  if (api::kms::decrypt_with(key, blob, {{"a", "b"}}) != text) __builtin_trap();
  if (size == 0) return 0;
  const std::size_t place = bytes[0] % blob.size();
  blob[place] = static_cast<char>(blob[place] ^ 1);
  if (api::kms::decrypt_with(key, blob, {{"a", "b"}})) __builtin_trap();
  sealed[bytes[0] % sealed.size()] ^= 1;
  if (sealer.open("fuzz", sealed, "bound")) __builtin_trap();
  return 0;
}
