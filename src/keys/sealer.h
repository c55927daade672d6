// What the server keeps secret by itself, under its root key: data keys of objects without a KMS
// key (SSE-S3), KMS key material, secrets of access keys.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "keys/data_key.h"

namespace clary::keys {

// threads: any. Does not block.
class Sealer {
 public:
  virtual ~Sealer() = default;
  // AES-256-GCM with a key derived from the root key for `purpose` ("objects", "kms", ...). `bound`
  // is authenticated with it: what was sealed for one thing does not open as another.
  virtual std::string seal(std::string_view purpose, std::string_view plaintext,
                           std::string_view bound) = 0;
  // Nullopt: sealed under another root key, purpose or `bound`, or damaged.
  virtual std::optional<std::string> open(std::string_view purpose, std::string_view sealed,
                                          std::string_view bound) = 0;
  // Whether seal() would use the same key now; what is not is sealed again when it is convenient.
  virtual bool is_current(std::string_view sealed) = 0;
};

}  // namespace clary::keys
