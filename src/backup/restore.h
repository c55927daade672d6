// Making a data folder of a snapshot.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "backup/manifest.h"

namespace clary::backup {

struct RestoreOptions {
  std::filesystem::path from;
  std::string snapshot;  // its name; "" for the newest
  // Nullopt: everything is read and checked, nothing is written.
  std::optional<std::filesystem::path> data_dir;
};

struct RestoreReport {
  std::filesystem::path snapshot;
  Manifest manifest;
  std::size_t data_files = 0;
  std::uint64_t data_bytes = 0;
};

// Every byte is checked on its way. The target must be absent or empty; it appears when all of it
// is there. Throws std::runtime_error naming what is damaged or in the way, StorageError.
RestoreReport restore_backup(const RestoreOptions& options);

}  // namespace clary::backup
