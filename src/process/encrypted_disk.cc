#include "process/encrypted_disk.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fscrypt.h>
#include <linux/loop.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>
#include <new>
#include <span>
#include <system_error>
#include <vector>

#include "base/log.h"
#include "base/random.h"
#include "process/spawn.h"

namespace clary::process {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;

constexpr milliseconds kPatience{20000};
constexpr std::uint64_t kLeastBytes = 64 << 20;
constexpr std::uint64_t kMostBytes = std::uint64_t{8} << 40;
constexpr int kLoopAttempts = 16;  // another program may take the free device first

[[noreturn]] void broken(const std::string& what) {
  throw std::system_error(errno, std::generic_category(), what);
}

std::optional<fs::path> find_mke2fs() {
  for (const char* folder : {"/usr/sbin", "/sbin", "/usr/bin"}) {
    const fs::path file = fs::path(folder) / "mke2fs";
    if (::access(file.c_str(), X_OK) == 0) return file;
  }
  return std::nullopt;
}

FileDescriptor open_folder(const fs::path& folder) {
  return FileDescriptor(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
}

// Nullopt when the folder has none.
std::optional<fscrypt_key_specifier> key_of(const FileDescriptor& folder) {
  fscrypt_get_policy_ex_arg argument{};
  argument.policy_size = sizeof argument.policy;
  if (!folder || ioctl(folder.get(), FS_IOC_GET_ENCRYPTION_POLICY_EX, &argument) != 0) {
    return std::nullopt;
  }
  if (argument.policy.version != FSCRYPT_POLICY_V2) return std::nullopt;
  fscrypt_key_specifier specifier{};
  specifier.type = FSCRYPT_KEY_SPEC_TYPE_IDENTIFIER;
  memcpy(specifier.u.identifier, argument.policy.v2.master_key_identifier,
         sizeof argument.policy.v2.master_key_identifier);
  return specifier;
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
  const fs::path log = fs::path(image).replace_extension("log");
  const FileDescriptor output(
      open(log.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600));
  Command command;
  command.arguments = {*find_mke2fs(),
                       "-q",
                       "-F",
                       "-t",
                       "ext4",
                       "-b",
                       "4096",
                       "-m",
                       "0",
                       "-O",
                       "encrypt,metadata_csum,sparse_super2,^has_journal,^resize_inode",
                       "-E",
                       "lazy_itable_init=1,nodiscard,root_owner=0:0",
                       image};
  command.environment = {"PATH=/usr/sbin:/sbin:/usr/bin:/bin"};
  command.standard_output = command.standard_error = output.get();
  Child child = spawn(command);
  const auto ended = child.wait(kPatience);
  if (!ended) child.signal(SIGKILL);
  if (ended && shell_code(*ended) == 0) return;
  std::ifstream said(log);
  throw std::runtime_error("mke2fs: " + std::string{std::istreambuf_iterator<char>(said), {}});
}

std::string device_name(const fs::path& folder) {
  struct stat status{};
  if (stat(folder.c_str(), &status) != 0) return "";
  std::error_code error;
  const std::string number =
      std::to_string(major(status.st_dev)) + ":" + std::to_string(minor(status.st_dev));
  return fs::canonical("/sys/dev/block/" + number, error).filename();
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

// A loop device over the file, which goes with its last user.
std::pair<FileDescriptor, std::string> attach(const FileDescriptor& image) {
  const FileDescriptor control(open("/dev/loop-control", O_RDWR | O_CLOEXEC));
  if (!control) broken("/dev/loop-control");
  for (int attempt = 0;; ++attempt) {
    const int number = ioctl(control.get(), LOOP_CTL_GET_FREE);
    if (number < 0) broken("a free loop device");
    const std::string name = "/dev/loop" + std::to_string(number);
    FileDescriptor device(open(name.c_str(), O_RDWR | O_CLOEXEC));
    loop_config config{};
    config.fd = static_cast<std::uint32_t>(image.get());
    config.info.lo_flags = LO_FLAGS_AUTOCLEAR;
    if (device && ioctl(device.get(), LOOP_CONFIGURE, &config) == 0) {
      return {std::move(device), name};
    }
    if ((device && errno != EBUSY) || attempt == kLoopAttempts) broken(name);
  }
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
  if (::geteuid() != 0) return "mounting the file system for it takes root";
  if (!find_mke2fs()) return "mke2fs is not installed (apt-get install e2fsprogs)";
  if (::access("/dev/loop-control", R_OK | W_OK) != 0) return "/dev/loop-control cannot be opened";
  return std::nullopt;
}

std::string random_folder_key() {
  std::string key(kFolderKeyBytes, '\0');
  fill_random(std::as_writable_bytes(std::span(key)));
  return key;
}

void encrypt_folder(const fs::path& folder, std::string_view key) {
  const FileDescriptor file = open_folder(folder);
  if (!file) broken(folder.string());
  if (key.size() != kFolderKeyBytes) throw std::runtime_error("a folder's key has 64 bytes");
  alignas(fscrypt_add_key_arg) std::array<char, sizeof(fscrypt_add_key_arg) + kFolderKeyBytes>
      room{};
  auto* const added = new (room.data()) fscrypt_add_key_arg{};
  added->key_spec.type = FSCRYPT_KEY_SPEC_TYPE_IDENTIFIER;
  added->raw_size = kFolderKeyBytes;
  memcpy(room.data() + sizeof *added, key.data(), key.size());
  const int error = ioctl(file.get(), FS_IOC_ADD_ENCRYPTION_KEY, added) != 0 ? errno : 0;
  explicit_bzero(room.data() + sizeof *added, kFolderKeyBytes);
  if (error != 0) {
    errno = error;
    broken("the kernel takes no key for " + folder.string());
  }
  fscrypt_policy_v2 policy{};
  policy.version = FSCRYPT_POLICY_V2;
  policy.contents_encryption_mode = FSCRYPT_MODE_AES_256_XTS;
  policy.filenames_encryption_mode = FSCRYPT_MODE_AES_256_CTS;
  policy.flags = FSCRYPT_POLICY_FLAGS_PAD_32;
  memcpy(policy.master_key_identifier, added->key_spec.u.identifier,
         sizeof policy.master_key_identifier);
  if (ioctl(file.get(), FS_IOC_SET_ENCRYPTION_POLICY, &policy) != 0) {
    broken("encrypt " + folder.string());
  }
}

bool is_encrypted(const fs::path& folder) {
  return key_of(open_folder(folder)).has_value();
}

void remove_encrypted(const fs::path& folder) {
  FileDescriptor file = open_folder(folder);
  if (!file) return;
  const auto specifier = key_of(file);
  file.reset();
  std::error_code error;
  fs::remove_all(folder, error);
  if (error) spdlog::warn("{} could not be removed: {}", folder.string(), error.message());
  if (!specifier) return;
  fscrypt_remove_key_arg removed{};
  removed.key_spec = *specifier;
  const FileDescriptor parent = open_folder(folder.parent_path());
  if (ioctl(parent.get(), FS_IOC_REMOVE_ENCRYPTION_KEY, &removed) != 0) {
    spdlog::warn("the key of {}: {}", folder.string(), strerror(errno));
  }
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

bool EncryptedDisk::is_mounted(const fs::path& place) {
  struct stat inside{}, outside{};
  return stat(place.c_str(), &inside) == 0 && stat(place.parent_path().c_str(), &outside) == 0 &&
         inside.st_dev != outside.st_dev;
}

}  // namespace clary::process
