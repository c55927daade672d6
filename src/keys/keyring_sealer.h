// The sealer over the keyring's master keys.
#pragma once

#include <cstdint>
#include <map>
#include <shared_mutex>
#include <string>
#include <utility>

#include "keys/keyring.h"
#include "keys/sealer.h"

namespace clary::keys {

// A sealed text is  version (1) | master key's number (4, big endian) | aead_seal(). Its key is
// HKDF(master, "clary seal 1 " + purpose); version, number, purpose and `bound` are authenticated.
class KeyringSealer final : public Sealer {
 public:
  explicit KeyringSealer(Keyring keyring) : keyring_(std::move(keyring)) {}
  std::string seal(std::string_view purpose, std::string_view plaintext,
                   std::string_view bound) override;
  std::optional<std::string> open(std::string_view purpose, std::string_view sealed,
                                  std::string_view bound) override;
  bool is_current(std::string_view sealed) override;

 private:
  SecretKey key_for(std::uint32_t master, std::string_view purpose);

  const Keyring keyring_;
  std::shared_mutex mutex_;
  std::map<std::pair<std::uint32_t, std::string>, SecretKey, std::less<>> derived_;
};

}  // namespace clary::keys
