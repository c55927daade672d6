#include "keys/keyring_sealer.h"

#include <mutex>

#include "keys/aead.h"

namespace clary::keys {
namespace {

constexpr char kVersion = 1;
constexpr std::size_t kHead = 5;

std::string head_of(std::uint32_t master) {
  std::string head(1, kVersion);
  for (int shift = 24; shift >= 0; shift -= 8) head.push_back(static_cast<char>(master >> shift));
  return head;
}

// Nullopt: no sealed text of this format.
std::optional<std::uint32_t> master_of(std::string_view sealed) {
  if (sealed.size() < kHead + kSealOverhead || sealed[0] != kVersion) return std::nullopt;
  std::uint32_t master = 0;
  for (std::size_t i = 1; i < kHead; ++i) {
    master = (master << 8) | static_cast<unsigned char>(sealed[i]);
  }
  return master;
}

std::string binding(std::string_view head, std::string_view purpose, std::string_view bound) {
  std::string text(head);
  append_part(text, purpose);
  append_part(text, bound);
  return text;
}

}  // namespace

std::string KeyringSealer::seal(std::string_view purpose, std::string_view plaintext,
                                std::string_view bound) {
  const std::uint32_t master = keyring_.newest();
  const std::string head = head_of(master);
  return head + aead_seal(key_for(master, purpose), plaintext, binding(head, purpose, bound));
}

std::optional<std::string> KeyringSealer::open(std::string_view purpose, std::string_view sealed,
                                               std::string_view bound) {
  const auto master = master_of(sealed);
  if (!master || !keyring_.masters.contains(*master)) return std::nullopt;
  return aead_open(key_for(*master, purpose), sealed.substr(kHead),
                   binding(sealed.substr(0, kHead), purpose, bound));
}

bool KeyringSealer::is_current(std::string_view sealed) {
  return master_of(sealed) == keyring_.newest();
}

SecretKey KeyringSealer::key_for(std::uint32_t master, std::string_view purpose) {
  const std::pair wanted(master, std::string(purpose));
  {
    const std::shared_lock lock(mutex_);
    if (const auto found = derived_.find(wanted); found != derived_.end()) return found->second;
  }
  const SecretKey key =
      derive_key(keyring_.masters.at(master), "clary seal 1 " + std::string(purpose));
  const std::lock_guard lock(mutex_);
  return derived_.emplace(wanted, key).first->second;
}

}  // namespace clary::keys
