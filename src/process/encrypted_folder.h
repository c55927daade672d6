// A folder whose files are on disk only encrypted: gocryptfs mounted over FUSE, with a key that is
// in memory alone. For the volumes of jobs.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "process/file_descriptor.h"

namespace clary::process {

// Why this machine cannot have them, in words for people; nullopt when it can.
std::optional<std::string> why_no_encrypted_folders();

// Mounted while it lives; when it goes the folder is unmounted and what it held is removed, which
// nobody could read any more: the key is gone with it.
class EncryptedFolder {
 public:
  // Mounts an empty folder at `place`, kept in `sealed` (made; both on the same disk). `secret` is
  // handed over through a pipe. blocks: for about a quarter of a second. Throws std::runtime_error
  // with what gocryptfs said.
  EncryptedFolder(std::filesystem::path sealed, std::filesystem::path place,
                  std::string_view secret);
  ~EncryptedFolder();
  EncryptedFolder(const EncryptedFolder&) = delete;
  EncryptedFolder& operator=(const EncryptedFolder&) = delete;

 private:
  std::filesystem::path sealed_, place_;
  FileDescriptor errors_;  // where the program would write to: it dies when nobody reads there
};

// Takes away a mount that a killed process left at `place`; nothing when there is none.
void detach_mount(const std::filesystem::path& place);

}  // namespace clary::process
