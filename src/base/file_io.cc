#include "base/file_io.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/errors.h"

namespace clary {

void throw_io_error(const std::string& what, int error) {
  const bool full = error == ENOSPC || error == EDQUOT || error == EFBIG;
  throw StorageError(what + ": " + std::strerror(error),
                     full ? StorageError::Kind::kFull : StorageError::Kind::kBroken);
}

void write_at(int file, std::uint64_t offset, std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const auto written = pwrite(file, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (written < 0) {
      if (errno == EINTR) continue;
      throw_io_error("write", errno);
    }
    bytes = bytes.subspan(static_cast<std::size_t>(written));
    offset += static_cast<std::uint64_t>(written);
  }
}

std::size_t read_at(int file, std::uint64_t offset, char* buffer, std::size_t size) {
  std::size_t done = 0;
  while (done < size) {
    const auto count = pread(file, buffer + done, size - done, static_cast<off_t>(offset + done));
    if (count < 0) {
      if (errno == EINTR) continue;
      throw_io_error("read", errno);
    }
    if (count == 0) break;
    done += static_cast<std::size_t>(count);
  }
  return done;
}

std::size_t read_at(int file, std::uint64_t offset, std::span<iovec> pieces) {
  std::size_t done = 0;
  while (!pieces.empty()) {
    const auto count = preadv(file, pieces.data(), static_cast<int>(pieces.size()),
                              static_cast<off_t>(offset + done));
    if (count < 0) {
      if (errno == EINTR) continue;
      throw_io_error("read", errno);
    }
    if (count == 0) break;
    done += static_cast<std::size_t>(count);
    auto left = static_cast<std::size_t>(count);
    while (!pieces.empty() && left >= pieces.front().iov_len) {
      left -= pieces.front().iov_len;
      pieces = pieces.subspan(1);
    }
    if (left == 0) continue;
    pieces.front().iov_base = static_cast<char*>(pieces.front().iov_base) + left;
    pieces.front().iov_len -= left;
  }
  return done;
}

bool read_cached(int file, std::uint64_t offset, std::span<const iovec> pieces) {
  std::size_t wanted = 0;
  for (const auto& piece : pieces) wanted += piece.iov_len;
  const auto count = preadv2(file, pieces.data(), static_cast<int>(pieces.size()),
                             static_cast<off_t>(offset), RWF_NOWAIT);
  return count >= 0 && static_cast<std::size_t>(count) == wanted;
}

void sync_data(int file) {
  if (fdatasync(file) != 0) throw_io_error("fdatasync", errno);
}

void sync_folder(const std::filesystem::path& folder) {
  const int file = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (file < 0) throw_io_error("open " + folder.string(), errno);
  const int result = fsync(file);
  const int error = errno;
  close(file);
  if (result != 0) throw_io_error("fsync " + folder.string(), error);
}

}  // namespace clary
