#include "process/folder_key.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fscrypt.h>
#include <string.h>
#include <sys/ioctl.h>

#include <array>
#include <new>
#include <optional>
#include <span>
#include <system_error>

#include "base/log.h"
#include "base/random.h"
#include "process/file_descriptor.h"

namespace clary::process {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void broken(const std::string& what) {
  throw std::system_error(errno, std::generic_category(), what);
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

bool same(const fscrypt_key_specifier& a, const fscrypt_key_specifier& b) {
  return memcmp(a.u.identifier, b.u.identifier, sizeof a.u.identifier) == 0;
}

// What the kernel calls the key.
fscrypt_key_specifier add_key(const FileDescriptor& file, const fs::path& folder,
                              std::string_view key) {
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
  return added->key_spec;
}

// What the kernel says of it; nullopt with errno.
std::optional<std::uint32_t> remove_key(const FileDescriptor& file,
                                        const fscrypt_key_specifier& key) {
  fscrypt_remove_key_arg removed{};
  removed.key_spec = key;
  if (ioctl(file.get(), FS_IOC_REMOVE_ENCRYPTION_KEY, &removed) != 0) return std::nullopt;
  return removed.removal_status_flags;
}

}  // namespace

std::string random_folder_key() {
  std::string key(kFolderKeyBytes, '\0');
  fill_random(std::as_writable_bytes(std::span(key)));
  return key;
}

void encrypt_folder(const fs::path& folder, std::string_view key) {
  const FileDescriptor file = open_folder(folder);
  if (!file) broken(folder.string());
  const fscrypt_key_specifier added = add_key(file, folder, key);
  fscrypt_policy_v2 policy{};
  policy.version = FSCRYPT_POLICY_V2;
  policy.contents_encryption_mode = FSCRYPT_MODE_AES_256_XTS;
  policy.filenames_encryption_mode = FSCRYPT_MODE_AES_256_CTS;
  policy.flags = FSCRYPT_POLICY_FLAGS_PAD_32;
  memcpy(policy.master_key_identifier, added.u.identifier, sizeof policy.master_key_identifier);
  if (ioctl(file.get(), FS_IOC_SET_ENCRYPTION_POLICY, &policy) != 0) {
    broken("encrypt " + folder.string());
  }
}

bool is_encrypted(const fs::path& folder) {
  return key_of(open_folder(folder)).has_value();
}

bool unlock_folder(const fs::path& folder, std::string_view key) {
  const FileDescriptor file = open_folder(folder);
  if (!file) broken(folder.string());
  const auto wanted = key_of(file);
  if (!wanted) throw std::runtime_error(folder.string() + " is not encrypted");
  const fscrypt_key_specifier added = add_key(file, folder, key);
  if (same(added, *wanted)) return true;
  (void)remove_key(file, added);
  return false;
}

bool lock_folder(const fs::path& folder) {
  FileDescriptor file = open_folder(folder);
  if (!file) broken(folder.string());
  const auto key = key_of(file);
  if (!key) throw std::runtime_error(folder.string() + " is not encrypted");
  file = open_folder(folder.parent_path());  // an open folder would be in use itself
  const auto left = remove_key(file, *key);
  if (!left && errno != ENOKEY) broken("the key of " + folder.string());
  return (left.value_or(0) & FSCRYPT_KEY_REMOVAL_STATUS_FLAG_FILES_BUSY) == 0;
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
  if (!remove_key(open_folder(folder.parent_path()), *specifier)) {
    spdlog::warn("the key of {}: {}", folder.string(), strerror(errno));
  }
}

}  // namespace clary::process
