// A data folder belongs to one process at a time.
#pragma once

#include <filesystem>

namespace clary::server {

// Makes the folder when it is not there; only its owner may look into it. Throws StorageError.
void make_private_folder(const std::filesystem::path& folder);

// Held while the server lives; the kernel lets go of it however the process ends. Throws
// std::runtime_error when another process has it.
class FolderLock {
 public:
  explicit FolderLock(const std::filesystem::path& folder);
  ~FolderLock();
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;

 private:
  bool take() const;

  int fd_ = -1;
};

}  // namespace clary::server
