// A sealer for tests: a keyring of its own that needs no folder.
#pragma once

#include "keys/aead.h"
#include "keys/keyring_sealer.h"

namespace clary::keys {

inline Keyring test_keyring() {
  Keyring keyring{.id = "test", .masters = {}};
  keyring.masters.emplace(1, random_key());
  return keyring;
}

class TestSealer final : public Sealer {
 public:
  std::string seal(std::string_view purpose, std::string_view plaintext,
                   std::string_view bound) override {
    return sealer_.seal(purpose, plaintext, bound);
  }
  std::optional<std::string> open(std::string_view purpose, std::string_view sealed,
                                  std::string_view bound) override {
    return sealer_.open(purpose, sealed, bound);
  }
  bool is_current(std::string_view sealed) override { return sealer_.is_current(sealed); }

 private:
  KeyringSealer sealer_{test_keyring()};
};

}  // namespace clary::keys
