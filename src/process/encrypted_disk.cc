#include "process/encrypted_disk.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <system_error>

#include "base/log.h"

namespace clary::process {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;

constexpr milliseconds kPatience{20000};
constexpr std::uint64_t kLeastBytes = 64 << 20;
constexpr std::uint64_t kMostBytes = std::uint64_t{8} << 40;

[[noreturn]] void broken(const std::string& what) {
  throw std::system_error(errno, std::generic_category(), what);
}

FileDescriptor open_folder(const fs::path& folder) {
  return FileDescriptor(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
}

// Of the sparse file: what the disk has. It takes only what is written.
std::uint64_t size_for(const fs::path& folder) {
  struct statvfs disk{};
  if (statvfs(folder.c_str(), &disk) != 0) broken("statvfs " + folder.string());
  const std::uint64_t free = std::uint64_t{disk.f_bavail} * disk.f_frsize;
  return std::clamp(free, kLeastBytes, kMostBytes) / 4096 * 4096;
}

// Nothing on it needs to survive anything, so it has no journal; its tables are written when they
// are used.
void make_file_system(const fs::path& image) {
  const ToolEnd end = run_tool("mke2fs",
                               {"-q", "-F", "-t", "ext4", "-b", "4096", "-m", "0", "-O",
                                "encrypt,metadata_csum,sparse_super2,^has_journal,^resize_inode",
                                "-E", "lazy_itable_init=1,nodiscard,root_owner=0:0", image},
                               kPatience);
  if (end.code != 0) throw std::runtime_error("mke2fs: " + end.said);
}

FileDescriptor open_device(const fs::path& folder) {
  return FileDescriptor(open(("/dev/" + device_name(folder)).c_str(), O_RDONLY | O_CLOEXEC));
}

fs::path counters_of(const fs::path& folder) {
  return fs::path("/sys/fs/ext4") / device_name(folder);
}

// "" where the kernel has none.
std::string read_counters(const fs::path& folder) {
  std::string text;
  for (const char* name : {"errors_count", "warning_count"}) {
    std::ifstream in(folder / name);
    std::string line;
    if (!std::getline(in, line)) return "";
    text += line + " ";
  }
  return text;
}

void make_disk(const fs::path& folder, const fs::path& place) {
  fs::create_directories(place);
  const fs::path image = folder / "disk";
  fs::remove(image);
  const FileDescriptor file(open(image.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!file) broken(image.string());
  if (ftruncate(file.get(), static_cast<off_t>(size_for(folder))) != 0) broken(image.string());
  make_file_system(image);
  const auto [device, name] = attach(file);
  // nobarrier: when the machine stops, the keys are gone anyway.
  if (mount(name.c_str(), place.c_str(), "ext4", MS_NOATIME | MS_NOSUID | MS_NODEV,
            "noinit_itable,nobarrier,discard,errors=remount-ro") != 0) {
    broken("mount " + place.string());
  }
}

}  // namespace

std::optional<std::string> why_no_encrypted_folders() {
  return why_no_disk_images({"mke2fs"});
}

WriteErrors::WriteErrors(const fs::path& folder)
    : folder_(open_folder(folder)),
      device_(open_device(folder)),
      counters_(counters_of(folder)),
      counted_(read_counters(counters_)) {}

// The file system counts what it could not write of files, and the device's own pages remember what
// could not be written of everything else. To wait for pages that are on their way starts none.
bool WriteErrors::looks_good() const {
  if (!device_ || counted_.empty() || read_counters(counters_) != counted_) return false;
  return sync_file_range(device_.get(), 0, 0, SYNC_FILE_RANGE_WAIT_BEFORE) == 0;
}

bool WriteErrors::none() {
  failed_ = failed_ || (folder_ && !looks_good() && syncfs(folder_.get()) != 0);
  return !failed_;
}

EncryptedDisk::EncryptedDisk(fs::path folder)
    : folder_(std::move(folder)), place_(folder_ / "plain") {
  if (mounted()) return;
  try {
    make_disk(folder_, place_);
  } catch (const std::exception& error) {
    close(folder_);
    throw std::runtime_error(std::string("no encrypted disk can be made: ") + error.what());
  }
}

void EncryptedDisk::close(const fs::path& folder) {
  if (const auto place = place_of(folder)) {
    if (umount2(place->c_str(), MNT_DETACH | UMOUNT_NOFOLLOW) != 0) {
      spdlog::warn("unmount {}: {}", place->string(), strerror(errno));
      return;
    }
  }
  std::error_code ignored;
  fs::remove(folder / "disk", ignored);
}

std::optional<fs::path> EncryptedDisk::place_of(const fs::path& folder) {
  fs::path place = folder / "plain";
  return is_mounted(place) ? std::optional(place) : std::nullopt;
}

}  // namespace clary::process
