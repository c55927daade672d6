#include "backup/volumes.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <map>
#include <span>
#include <stdexcept>

#include "base/errors.h"
#include "process/disk_image.h"
#include "process/frozen.h"

namespace clary::backup {
namespace {

namespace fs = std::filesystem;
using process::FileDescriptor;

constexpr std::int64_t kPiece = 1 << 20;
constexpr int kTries = 5;
constexpr std::chrono::minutes kStillAtMost{1};

using Digest = std::array<unsigned char, 32>;
using Digests = std::map<std::int64_t, Digest>;  // of the pieces that are not all zero

[[noreturn]] void fail(const fs::path& file) {
  throw StorageError(
      file.string() + ": " + std::strerror(errno),
      errno == ENOSPC || errno == EDQUOT ? StorageError::Kind::kFull : StorageError::Kind::kBroken);
}

struct stat status_of(const FileDescriptor& file, const fs::path& path) {
  struct stat status{};
  if (::fstat(file.get(), &status) != 0) fail(path);
  return status;
}

bool same(const struct stat& a, const struct stat& b) {
  return a.st_size == b.st_size && a.st_mtim.tv_sec == b.st_mtim.tv_sec &&
         a.st_mtim.tv_nsec == b.st_mtim.tv_nsec;
}

class Copy {
 public:
  Copy(FileDescriptor from, const fs::path& from_path, const fs::path& to)
      : from_(std::move(from)),
        from_path_(from_path),
        to_path_(to),
        to_(::open(to.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600)) {
    if (!to_) fail(to);
  }

  // Makes the copy what the original is now.
  void update() {
    const std::int64_t size = status_of(from_, from_path_).st_size;
    if (::ftruncate(to_.get(), size) != 0) fail(to_path_);
    Digests now;
    std::int64_t begin = 0, next = 0;
    while ((begin = ::lseek(from_.get(), next, SEEK_DATA)) >= 0) {
      const std::int64_t end = ::lseek(from_.get(), begin, SEEK_HOLE);
      if (end < 0) fail(from_path_);
      for (next = std::max(next, begin / kPiece * kPiece); next < end; next += kPiece) {
        piece(next, std::min(kPiece, size - next), now);
      }
    }
    if (errno != ENXIO) fail(from_path_);
    for (const auto& [at, digest] : digests_) {
      if (!now.contains(at)) punch(at, std::min(kPiece, size - at));
    }
    digests_ = std::move(now);
  }

  struct stat original() const { return status_of(from_, from_path_); }

  // On the disk, with the time of the original.
  void finish(const struct stat& original) {
    const std::array times{original.st_atim, original.st_mtim};
    if (::futimens(to_.get(), times.data()) != 0 || ::fsync(to_.get()) != 0) fail(to_path_);
  }

 private:
  void piece(std::int64_t at, std::int64_t size, Digests& now) {
    const auto length = static_cast<std::size_t>(size);
    for (std::size_t have = 0; have < length;) {
      const ssize_t got = ::pread(from_.get(), buffer_.data() + have, length - have,
                                  at + static_cast<std::int64_t>(have));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) fail(from_path_);
      if (got == 0) throw std::runtime_error(from_path_.string() + " became shorter");
      have += static_cast<std::size_t>(got);
    }
    const auto bytes = std::span(buffer_).first(length);
    if (std::ranges::all_of(bytes, [](char c) { return c == 0; })) return;
    Digest digest{};
    EVP_Digest(bytes.data(), bytes.size(), digest.data(), nullptr, EVP_sha256(), nullptr);
    const auto before = digests_.find(at);
    now.emplace(at, digest);
    if (before != digests_.end() && before->second == digest) return;
    for (std::size_t put = 0; put < length;) {
      const ssize_t wrote = ::pwrite(to_.get(), bytes.data() + put, length - put,
                                     at + static_cast<std::int64_t>(put));
      if (wrote < 0 && errno == EINTR) continue;
      if (wrote <= 0) fail(to_path_);
      put += static_cast<std::size_t>(wrote);
    }
  }

  void punch(std::int64_t at, std::int64_t size) {
    if (size <= 0) return;
    if (::fallocate(to_.get(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, at, size) == 0) return;
    const std::string zeros(static_cast<std::size_t>(size), '\0');
    if (::pwrite(to_.get(), zeros.data(), zeros.size(), at) != std::ssize(zeros)) fail(to_path_);
  }

  const FileDescriptor from_;
  const fs::path from_path_, to_path_;
  const FileDescriptor to_;
  std::vector<char> buffer_ = std::vector<char>(kPiece);
  Digests digests_;  // of what the copy has
};

// Whether the copy is of one moment: of a file system that nobody had, or that stood still.
bool copy_once(Copy& copy, const fs::path& from, struct stat& original) {
  original = copy.original();
  if (const auto device = process::find_attached(from)) {
    process::Frozen frozen(device->name, kStillAtMost);
    original = copy.original();
    copy.update();
    return frozen.thaw();
  }
  copy.update();
  return !process::find_attached(from) && same(original, copy.original());
}

// Only of one that nobody has: to freeze a file system changes its time.
bool share(const fs::path& from, const fs::path& to, const fs::path& earlier,
           const Hashed& hashed) {
  struct stat there{}, now{};
  const auto unchanged = [&] {
    return ::stat(from.c_str(), &now) == 0 && !process::find_attached(from) && same(there, now);
  };
  if (earlier.empty() || ::stat(earlier.c_str(), &there) != 0 || !unchanged()) return false;
  if (hashed.size != static_cast<std::uint64_t>(there.st_size)) return false;
  std::error_code error;  // a disk without hard links has a copy each
  fs::create_hard_link(earlier, to, error);
  if (error || unchanged()) return !error;
  fs::remove(to);
  return false;
}

}  // namespace

std::vector<fs::path> volume_files(const fs::path& data_dir) {
  std::vector<fs::path> files;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(data_dir / kVolumes, error)) {
    if (entry.is_symlink() || !entry.is_directory()) continue;
    for (const std::string_view name : {kVolumeImage, std::string_view("growing")}) {
      if (fs::is_regular_file(fs::symlink_status(entry.path() / name, error))) {
        files.push_back(fs::path(kVolumes) / entry.path().filename() / name);
      }
    }
  }
  std::ranges::sort(files);
  return files;
}

std::optional<VolumeCopy> copy_volume(const fs::path& from, const fs::path& to,
                                      const fs::path& earlier, const Hashed& earlier_hashed) {
  FileDescriptor file(::open(from.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
  if (!file) {
    if (errno == ENOENT) return std::nullopt;
    fail(from);
  }
  fs::create_directories(to.parent_path());
  if (share(from, to, earlier, earlier_hashed)) {
    return VolumeCopy{.hashed = earlier_hashed, .shared = true};
  }
  Copy copy(std::move(file), from, to);
  struct stat original{};
  bool whole = false;
  copy.update();  // the bulk, while it may change
  for (int tries = 0; !whole && tries < kTries; ++tries) whole = copy_once(copy, from, original);
  if (!whole) {
    throw std::runtime_error(from.string() + " does not stand still for long enough to be copied");
  }
  copy.finish(original);
  auto hashed = hash_file(to);
  if (!hashed) fail(to);
  return VolumeCopy{.hashed = *hashed, .shared = false};
}

}  // namespace clary::backup
