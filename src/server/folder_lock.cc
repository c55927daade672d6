#include "server/folder_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <system_error>
#include <thread>

#include "base/errors.h"

namespace clary::server {

void make_private_folder(const std::filesystem::path& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (!error) {
    std::filesystem::permissions(folder, std::filesystem::perms::owner_all, error);
  }
  if (error) throw StorageError(folder.string() + ": " + error.message());
}

FolderLock::FolderLock(const std::filesystem::path& folder) {
  const auto file = folder / "lock";
  fd_ = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd_ < 0) throw StorageError(file.string() + ": " + std::strerror(errno));
  if (!take()) {
    ::close(fd_);
    throw std::runtime_error("another server uses " + folder.string() +
                             "; stop it first, or give this one its own --data-dir");
  }
}

FolderLock::~FolderLock() {
  ::close(fd_);
}

// A server that was killed while it started a process leaves the lock with that process until it
// becomes another program: moments, which a restart waits for.
bool FolderLock::take() const {
  for (int tries = 0; tries < 50; ++tries) {
    if (::flock(fd_, LOCK_EX | LOCK_NB) == 0) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return false;
}

}  // namespace clary::server
