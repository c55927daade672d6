// The keys of layers' files as they are kept: sealed by the server's root key, each for the layer
// or upload that `bound` names.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "keys/data_key.h"
#include "keys/sealer.h"

namespace clary::registry {

inline constexpr std::string_view kSealPurpose = "registry";

inline std::string seal_key(keys::Sealer& sealer, const keys::SecretKey& key,
                            std::string_view bound) {
  const auto bytes = key.bytes();
  return sealer.seal(kSealPurpose, {reinterpret_cast<const char*>(bytes.data()), bytes.size()},
                     bound);
}

// Nullopt: sealed for something else, under another root key, or damaged.
inline std::optional<keys::SecretKey> open_key(keys::Sealer& sealer, std::string_view sealed,
                                               std::string_view bound) {
  const auto plain = sealer.open(kSealPurpose, sealed, bound);
  if (!plain || plain->size() != keys::kDataKeyBytes) return std::nullopt;
  return keys::SecretKey(std::as_bytes(std::span<const char, keys::kDataKeyBytes>(*plain)));
}

}  // namespace clary::registry
