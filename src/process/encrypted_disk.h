// The disk for the volumes of jobs: folders that the kernel encrypts (folder_key.h), on a file
// system that nothing needs to survive.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "process/disk_image.h"
#include "process/file_descriptor.h"
#include "process/folder_key.h"

namespace clary::process {

// Why this machine cannot have them, in words for people; nullopt when it can.
std::optional<std::string> why_no_encrypted_folders();

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
  const std::filesystem::path folder_, place_;
};

}  // namespace clary::process
