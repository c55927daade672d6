#include "algorithms/data/mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "algorithms/container/failure.h"

namespace clary::algorithms {

MappedFile::MappedFile(const std::filesystem::path& path) {
  const auto fail = [&] {
    throw ClientError("cannot read " + path.string() + ": " + std::strerror(errno));
  };
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) fail();
  struct stat status{};
  void* start = nullptr;
  const bool sized = ::fstat(file, &status) == 0;
  const auto size = static_cast<std::size_t>(sized ? status.st_size : 0);
  if (size > 0) start = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, file, 0);
  const int saved = errno;
  ::close(file);
  errno = saved;
  if (!sized || start == MAP_FAILED) fail();
  bytes_ = {static_cast<const char*>(start), size};
}

MappedFile::~MappedFile() {
  if (!bytes_.empty()) ::munmap(const_cast<char*>(bytes_.data()), bytes_.size());
}

}  // namespace clary::algorithms
