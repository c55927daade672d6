// The volumes of notebook instances in a backup: file systems that somebody may be writing to.
#pragma once

#include <filesystem>
#include <optional>
#include <string_view>
#include <vector>

#include "backup/hashed_copy.h"

namespace clary::backup {

inline constexpr std::string_view kVolumes = "notebooks", kVolumeImage = "disk";

// Files of the volumes in a data folder, by path relative to it: notebooks/ID/disk, and what tells
// that it was being grown.
std::vector<std::filesystem::path> volume_files(const std::filesystem::path& data_dir);

// Copies the file system in a file as of one moment, its holes as holes. One that is in use keeps
// its writers waiting only while what changed since a first copy is copied. The copy has the time
// of the original: `earlier`, a copy of an earlier backup with the same time and size, is the same
// when nobody has it in use, and is shared instead. Nullopt: there is no such volume any more.
// errors: StorageError, std::runtime_error when it does not stand still. blocks.
struct VolumeCopy {
  Hashed hashed;
  bool shared = false;
};
std::optional<VolumeCopy> copy_volume(const std::filesystem::path& from,
                                      const std::filesystem::path& to,
                                      const std::filesystem::path& earlier,
                                      const Hashed& earlier_hashed);

}  // namespace clary::backup
