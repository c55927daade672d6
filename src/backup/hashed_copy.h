// Copies of files with the SHA-256 of what was copied.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace clary::backup {

struct Hashed {
  std::uint64_t size = 0;
  std::string sha256;  // hex
};

// The file's first `limit` bytes (all without one). Nullopt: there is no such file.
// errors: StorageError. blocks.
std::optional<Hashed> hash_file(const std::filesystem::path& file,
                                std::optional<std::uint64_t> limit = std::nullopt);

// Whole or not at all: a file beside `to`, synced, renamed. The folder of `to` is made. The mode is
// 0600. Nullopt: there is no `from`.
std::optional<Hashed> copy_hashed(const std::filesystem::path& from,
                                  const std::filesystem::path& to,
                                  std::optional<std::uint64_t> limit = std::nullopt);

// Makes the names in a folder durable.
void sync_folder(const std::filesystem::path& folder);

}  // namespace clary::backup
