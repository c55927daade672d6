#include "base/whole_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "base/errors.h"
#include "base/random.h"

namespace clary {

void write_whole_file(const std::filesystem::path& file, std::string_view text, mode_t mode) {
  const std::string fresh = file.string() + "." + random_hex(4);
  const int fd = ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
  if (fd < 0) throw StorageError(fresh + ": " + std::strerror(errno));
  std::size_t written = 0;
  bool ok = true;
  while (ok && written < text.size()) {
    const ssize_t n = ::write(fd, text.data() + written, text.size() - written);
    ok = n > 0;
    if (ok) written += static_cast<std::size_t>(n);
  }
  ok = ok && ::fsync(fd) == 0;
  const int error = errno;
  ::close(fd);
  if (!ok || ::rename(fresh.c_str(), file.c_str()) != 0) {
    ::unlink(fresh.c_str());
    throw StorageError(file.string() + ": " + std::strerror(ok ? errno : error),
                       error == ENOSPC ? StorageError::Kind::kFull : StorageError::Kind::kBroken);
  }
}

}  // namespace clary
