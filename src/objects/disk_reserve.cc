#include "objects/disk_reserve.h"

#include <fcntl.h>
#include <unistd.h>

#include <utility>

namespace clary::objects {

DiskReserve::DiskReserve(std::filesystem::path file) : file_(std::move(file)) {
  take();
}

bool DiskReserve::release() {
  const std::lock_guard lock(mutex_);
  if (!held_) return false;
  held_ = false;
  return ::truncate(file_.c_str(), 0) == 0;
}

void DiskReserve::take() {
  const std::lock_guard lock(mutex_);
  if (held_) return;
  const int fd = ::open(file_.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) return;
  held_ = ::posix_fallocate(fd, 0, kBytes) == 0;
  // What a failed attempt got would only make the disk fuller.
  if (!held_ && ::ftruncate(fd, 0) != 0) ::unlink(file_.c_str());
  ::close(fd);
}

}  // namespace clary::objects
