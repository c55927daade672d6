// Small files that must never be seen half written: keys, certificates, settings of clients.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string_view>

namespace clary {

// Whole or not at all, also after a crash: a new file beside it, synced, renamed over the old one.
// Throws StorageError.
void write_whole_file(const std::filesystem::path& file, std::string_view text, mode_t mode);

}  // namespace clary
