#include "process/volume_image.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/loop.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <functional>
#include <stdexcept>
#include <thread>
#include <vector>

#include "base/errors.h"
#include "base/log.h"
#include "process/disk_image.h"
#include "process/folder_key.h"

namespace clary::process {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;

constexpr milliseconds kStep{10};
constexpr milliseconds kLockPatience{60'000};
constexpr milliseconds kUsersPatience{10'000};  // of files of a workload that just ended
constexpr milliseconds kCopiesPatience{1'000};  // of the mount, in other name spaces
constexpr milliseconds kMakePatience{60'000};
constexpr milliseconds kCheckPatience{30 * 60'000};  // terabytes of small files
constexpr std::uint64_t kBlockBytes = 4096;

[[noreturn]] void broken(const std::string& what) {
  const std::string text = what + ": " + strerror(errno);
  if (errno == ENOSPC || errno == EDQUOT) throw StorageError(text, StorageError::Kind::kFull);
  throw std::runtime_error(text);
}

FileDescriptor open_file(const fs::path& file, int flags) {
  FileDescriptor opened(::open(file.c_str(), flags | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!opened) broken(file.string());
  return opened;
}

void sync(const fs::path& path, int flags) {
  if (::fsync(open_file(path, flags).get()) != 0) broken(path.string());
}

bool comes_true(milliseconds patience, const std::function<bool()>& is_so) {
  for (milliseconds waited{0}; !is_so(); waited += kStep) {
    if (waited >= patience) return false;
    std::this_thread::sleep_for(kStep);
  }
  return true;
}

// Held by this program, and by the tools that it started on the image for as long as they run.
FileDescriptor lock(const fs::path& folder) {
  const fs::path name = folder / "lock";
  FileDescriptor file;
  const bool held = comes_true(kLockPatience, [&] {
    file = open_file(name, O_RDWR | O_CREAT);
    if (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) return false;
    struct stat mine{}, there{};  // another one when the volume was removed meanwhile
    return ::fstat(file.get(), &mine) == 0 && ::stat(name.c_str(), &there) == 0 &&
           mine.st_ino == there.st_ino;
  });
  if (!held) throw std::runtime_error("another program works on the volume " + folder.string());
  return file;
}

// A backup that was killed may have left it frozen; one that is under way notices, and begins anew.
void thaw(const fs::path& place) {
  ::ioctl(open_file(place, O_RDONLY | O_DIRECTORY).get(), FITHAW, 0);
}

// What the superblock says; nullopt where there is none. Offsets: ext4(5), struct ext4_super_block.
std::optional<std::uint64_t> file_system_bytes(const fs::path& image) {
  std::array<unsigned char, 1024> block{};
  const FileDescriptor file = open_file(image, O_RDONLY);
  if (::pread(file.get(), block.data(), block.size(), 1024) != std::ssize(block)) {
    return std::nullopt;
  }
  const auto number = [&](std::size_t at) {
    return std::uint64_t{block[at]} | std::uint64_t{block[at + 1]} << 8 |
           std::uint64_t{block[at + 2]} << 16 | std::uint64_t{block[at + 3]} << 24;
  };
  constexpr std::uint64_t kMagic = 0xEF53, kWide = 0x80;
  const std::uint64_t log_size = number(0x18);
  if ((number(0x38) & 0xFFFF) != kMagic || log_size > 6) return std::nullopt;
  const std::uint64_t high = (number(0x60) & kWide) != 0 ? number(0x150) << 32 : 0;
  return (number(0x4) | high) * (std::uint64_t{1024} << log_size);
}

std::uint64_t whole_blocks(std::uint64_t bytes) {
  return (bytes + kBlockBytes - 1) / kBlockBytes * kBlockBytes;
}

}  // namespace

std::optional<std::string> why_no_volume_images() {
  return why_no_disk_images({"mke2fs", "e2fsck", "resize2fs"});
}

VolumeImage::VolumeImage(fs::path folder)
    : folder_(fs::absolute(folder)),
      image_(folder_ / "disk"),
      fresh_(folder_ / "disk.new"),
      growing_(folder_ / "growing"),
      place_(folder_ / "plain"),
      files_(place_ / "files") {}

fs::path VolumeImage::open(std::uint64_t bytes, std::string_view key) const {
  if (key.size() != kFolderKeyBytes) throw std::runtime_error("the key of a volume has 64 bytes");
  fs::create_directories(place_);
  fs::permissions(folder_, fs::perms::owner_all);
  const FileDescriptor held = lock(folder_);
  if (is_mounted(place_)) thaw(place_);
  if (is_mounted(place_) && !shows_image()) unmount();  // half made
  const bool was_open = is_mounted(place_);
  try {
    if (!was_open && fs::exists(image_)) mount_image(bytes, held.get());
    if (!fs::exists(image_)) make(bytes, key, held.get());
    if (!is_encrypted(files_)) {
      throw std::runtime_error(image_.string() + " is damaged: its folder of files is not there");
    }
    if (!unlock_folder(files_, key)) {
      throw std::runtime_error("the key is not the one that the volume " + folder_.string() +
                               " was made with");
    }
  } catch (...) {
    if (!was_open && is_mounted(place_)) unmount();
    throw;
  }
  return files_;
}

// Whole before it has its name: with its folder, encrypted, on the disk.
void VolumeImage::make(std::uint64_t bytes, std::string_view key, int lock) const {
  fs::remove(fresh_);
  {
    const FileDescriptor file = open_file(fresh_, O_RDWR | O_CREAT | O_EXCL);
    if (::ftruncate(file.get(), static_cast<off_t>(whole_blocks(bytes))) != 0) {
      broken(fresh_.string());
    }
    const ToolEnd end =
        run_tool("mke2fs",
                 {"-q", "-F", "-t", "ext4", "-b", std::to_string(kBlockBytes), "-m", "0", "-O",
                  "has_journal,encrypt,metadata_csum,resize_inode", "-E",
                  "lazy_itable_init=1,lazy_journal_init=1,nodiscard,root_owner=0:0", fresh_},
                 kMakePatience, lock);
    if (end.code != 0) throw std::runtime_error("mke2fs: " + end.said);
    mount_device(attach(file).name);
  }
  fs::create_directory(files_);
  encrypt_folder(files_, key);
  if (::syncfs(open_file(place_, O_RDONLY | O_DIRECTORY).get()) != 0) broken(place_.string());
  sync(fresh_, O_RDWR);
  fs::rename(fresh_, image_);
  sync(folder_, O_RDONLY | O_DIRECTORY);
}

void VolumeImage::mount_image(std::uint64_t bytes, int lock) const {
  // In use somewhere else: by a workload that went on while the server got another name space.
  if (const auto attached = find_attached(image_)) return mount_device(attached->name);
  check_and_grow(bytes, lock);
  mount_device(attach(open_file(image_, O_RDWR)).name);
}

void VolumeImage::check_and_grow(std::uint64_t bytes, int lock) const {
  const bool interrupted = fs::exists(growing_);
  const auto has = file_system_bytes(image_);
  const bool grow = !has || *has < bytes;
  // Also brings what the kernel found wrong in order. resize2fs leaves its tables half written when
  // it is killed, never the files: all can be told from these.
  std::vector<std::string> arguments{interrupted ? "-fy" : grow ? "-fp" : "-p", image_};
  const ToolEnd checked = run_tool("e2fsck", arguments, kCheckPatience, lock);
  if (checked.code > 1) {  // 1: repaired
    throw std::runtime_error(image_.string() + " is damaged: e2fsck: " + checked.said);
  }
  if (grow) {
    open_file(growing_, O_RDWR | O_CREAT);
    sync(folder_, O_RDONLY | O_DIRECTORY);
    if (fs::file_size(image_) < bytes) fs::resize_file(image_, whole_blocks(bytes));
    const ToolEnd grown = run_tool("resize2fs", {image_}, kCheckPatience, lock);
    if (grown.code != 0) throw std::runtime_error("resize2fs: " + grown.said);
    sync(image_, O_RDWR);
  }
  fs::remove(growing_);
}

void VolumeImage::mount_device(const std::string& device) const {
  if (::mount(device.c_str(), place_.c_str(), "ext4", MS_NOATIME | MS_NOSUID | MS_NODEV,
              "noinit_itable,discard,errors=remount-ro") != 0) {
    if (errno == EUCLEAN || errno == EBADMSG || errno == EINVAL || errno == EIO) {
      throw std::runtime_error(image_.string() + " is damaged: " + strerror(errno));
    }
    broken("mount " + place_.string());
  }
}

bool VolumeImage::shows_image() const {
  const auto attached = find_attached(image_);
  return attached && attached->name == "/dev/" + device_name(place_);
}

void VolumeImage::unmount() const {
  const bool done = comes_true(kUsersPatience, [&] {
    if (!is_mounted(place_)) return true;
    thaw(place_);
    if (::umount2(place_.c_str(), UMOUNT_NOFOLLOW) != 0 && errno != EBUSY) {
      broken("unmount " + place_.string());
    }
    return !is_mounted(place_);
  });
  if (!done) throw std::runtime_error("the volume " + folder_.string() + " is still in use");
}

void VolumeImage::shut(Written written) const {
  if (is_mounted(place_) && !shows_image()) unmount();
  const auto in_use = [&] { return find_attached(image_).has_value(); };
  if (!is_mounted(place_)) {
    const auto attached = find_attached(image_);
    if (!attached) return;
    mount_device(attached->name);  // its users are somewhere else; the key is the device's
  }
  thaw(place_);
  if (written == Written::kKeep) {
    const FileDescriptor place = open_file(place_, O_RDONLY | O_DIRECTORY);
    if (::syncfs(place.get()) != 0) broken("not all that was written to " + folder_.string());
  }
  const bool locked = comes_true(kUsersPatience, [&] {
    thaw(place_);
    return !is_encrypted(files_) || lock_folder(files_);
  });
  if (!locked) {
    throw std::runtime_error("files of the volume " + folder_.string() + " are still in use");
  }
  unmount();
  // A mount name space that was copied while it was open keeps a mount of its own. Nobody can read
  // there what is locked, and whoever opens the volume again takes over the same device.
  if (!comes_true(kCopiesPatience, [&] { return !in_use(); })) {
    spdlog::warn("the volume {} is closed, but another mount name space still has it mounted",
                 folder_.string());
  }
}

void VolumeImage::close() const {
  if (!fs::exists(folder_)) return;
  const FileDescriptor held = lock(folder_);
  shut(Written::kKeep);
}

void VolumeImage::remove() const {
  if (!fs::exists(folder_)) return;
  const FileDescriptor held = lock(folder_);
  shut(Written::kDrop);
  fs::remove_all(folder_);
}

}  // namespace clary::process
