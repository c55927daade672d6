#include "keys/aead.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "keys/keys_fixture.h"

namespace clary::keys {
namespace {

SecretKey key_of(std::string_view hex_text) {
  const auto bytes = unhex(hex_text);
  return SecretKey(std::span<const std::byte, kDataKeyBytes>(bytes->data(), kDataKeyBytes));
}

// Python's hmac: HKDF with an empty salt of key 00..1f and info "info".
TEST(Aead, DerivedKeysAreHkdfs) {
  const SecretKey key = key_of("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f");
  EXPECT_EQ(hex(derive_key(key, "info").bytes()),
            "cccad7895238973b7b227c5216571c432f4602b7264e8e35cde4d3249e93720e");
  EXPECT_NE(hex(derive_key(key, "info2").bytes()), hex(derive_key(key, "info").bytes()));
}

TEST(Aead, OpensWhatItSealed) {
  const SecretKey key = random_key();
  for (const std::size_t size : {0U, 1U, 32U, 4096U}) {
    const std::string plain(size, 'x');
    const std::string sealed = aead_seal(key, plain, "bound");
    EXPECT_EQ(sealed.size(), size + kSealOverhead);
    EXPECT_EQ(aead_open(key, sealed, "bound"), plain);
    EXPECT_EQ(aead_open(key, sealed, "bounds"), std::nullopt);
    EXPECT_EQ(aead_open(random_key(), sealed, "bound"), std::nullopt);
  }
  EXPECT_NE(aead_seal(key, "same", ""), aead_seal(key, "same", ""));
}

TEST(Aead, EveryBitCounts) {
  const SecretKey key = random_key();
  const std::string sealed = aead_seal(key, "secret", "bound");
  for (std::size_t bit = 0; bit < sealed.size() * 8; ++bit) {
    std::string changed = sealed;
    changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << (bit % 8)));
    EXPECT_EQ(aead_open(key, changed, "bound"), std::nullopt) << bit;
  }
  for (std::size_t size = 0; size < sealed.size(); ++size) {
    EXPECT_EQ(aead_open(key, sealed.substr(0, size), "bound"), std::nullopt) << size;
  }
}

TEST(KeyringSealer, PurposeAndBindingCount) {
  TestSealer sealer, other;
  const std::string sealed = sealer.seal("kms", "secret", "key 1");
  EXPECT_EQ(sealer.open("kms", sealed, "key 1"), "secret");
  EXPECT_EQ(sealer.open("objects", sealed, "key 1"), std::nullopt);
  EXPECT_EQ(sealer.open("kms", sealed, "key 2"), std::nullopt);
  EXPECT_EQ(other.open("kms", sealed, "key 1"), std::nullopt);
  EXPECT_EQ(sealer.open("kms", "", "key 1"), std::nullopt);
  for (std::size_t i = 0; i < sealed.size(); ++i) {
    std::string changed = sealed;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    EXPECT_EQ(sealer.open("kms", changed, "key 1"), std::nullopt) << i;
  }
}

TEST(KeyringSealer, ANewMasterKeySealsAndTheOldOneOpens) {
  Keyring keyring = test_keyring();
  KeyringSealer before(keyring);
  const std::string sealed = before.seal("kms", "secret", "");
  keyring.masters.emplace(2, random_key());
  KeyringSealer after(keyring);
  EXPECT_EQ(after.open("kms", sealed, ""), "secret");
  EXPECT_TRUE(before.is_current(sealed));
  EXPECT_FALSE(after.is_current(sealed));
  const std::string again = after.seal("kms", "secret", "");
  EXPECT_TRUE(after.is_current(again));
  EXPECT_EQ(before.open("kms", again, ""), std::nullopt);
}

}  // namespace
}  // namespace clary::keys
