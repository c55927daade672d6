// What a snapshot says of itself.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "backup/hashed_copy.h"
#include "base/clock.h"

namespace clary::backup {

inline constexpr int kFormat = 1;

struct Manifest {
  int format = kFormat;
  std::string program;  // the version that wrote it
  Timestamp created{};
  // Files of the snapshot's own folder, by path relative to it: SHA-256 and size. files.txt, which
  // lists the shared data files, is one of them.
  std::map<std::string, Hashed> files;
  std::string root_key_fingerprint;  // "": no keyring
  bool has_root_key = false;
};

// Data files by name.
using DataFiles = std::map<std::string, Hashed>;

// FOLDER/manifest.json and FOLDER/files.txt. The former ends with its own hash.
void write_manifest(const std::filesystem::path& folder, const Manifest& manifest);
Hashed write_data_files(const std::filesystem::path& folder, const DataFiles& files);

// Throw std::runtime_error that says what is wrong: torn, changed, or of a later format.
Manifest read_manifest(const std::filesystem::path& folder);
DataFiles read_data_files(const std::filesystem::path& folder);

// Whole snapshots of a backup, oldest first.
std::vector<std::filesystem::path> snapshots(const std::filesystem::path& backup);

}  // namespace clary::backup
