// Folders whose files are on disk only encrypted, for the volumes of jobs: by the kernel (fscrypt),
// each folder with a key of its own that is in the kernel's memory and nowhere else.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "process/file_descriptor.h"

namespace clary::process {

inline constexpr std::size_t kFolderKeyBytes = 64;

// Why this machine cannot have them, in words for people; nullopt when it can.
std::optional<std::string> why_no_encrypted_folders();

// Encrypts an empty folder of an EncryptedDisk: what is made in it from now on, names too. `key`
// has kFolderKeyBytes. Throws std::system_error.
void encrypt_folder(const std::filesystem::path& folder, std::string_view key);
std::string random_folder_key();

// False also when the folder is not there, or its file system was taken away from over it.
bool is_encrypted(const std::filesystem::path& folder);

// Removes the folder with all that is in it, and its key from the kernel.
void remove_encrypted(const std::filesystem::path& folder);

// Whether something that was written below such a folder could not be put on the disk (the
// machine's is full): write() may have said nothing of it. What is in memory still reads as it was
// written, so that this does not wait for it to go out.
class WriteErrors {
 public:
  explicit WriteErrors(const std::filesystem::path& folder);  // counts from now on
  bool none();

 private:
  bool looks_good() const;

  const FileDescriptor folder_, device_;
  std::filesystem::path counters_;  // what the kernel tells of the file system
  std::string counted_;
  bool failed_ = false;  // syncfs tells it once
};

// A file system that can encrypt, which that of the data folder may not: an ext4 in a sparse file.
// It is mounted until the machine starts anew, or it is closed: runs on it outlive this program.
// threads: one at a time. errors: std::runtime_error with what the system said.
class EncryptedDisk {
 public:
  // Takes over what is mounted in `folder`, or makes it. blocks: a few dozen milliseconds.
  explicit EncryptedDisk(std::filesystem::path folder);

  const std::filesystem::path& place() const { return place_; }
  // False when somebody unmounted it.
  bool mounted() const { return is_mounted(place_); }
  // What the disk's file is in, for a folder in place().
  static std::filesystem::path host_of(const std::filesystem::path& folder) {
    return folder.parent_path().parent_path();
  }
  // Unmounts, now or when its last user is gone, and removes the file.
  static void close(const std::filesystem::path& folder);
  // Where the files of a disk in `folder` are, if it is mounted.
  static std::optional<std::filesystem::path> place_of(const std::filesystem::path& folder);

 private:
  static bool is_mounted(const std::filesystem::path& place);
  const std::filesystem::path folder_, place_;
};

}  // namespace clary::process
