// The volumes of notebook instances: a file system of its own for each, in a file of the data
// folder, whose contents are on the disk only encrypted. They outlive runs, servers and machines.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace clary::engine {

// threads: any. blocks: on the disk. errors: std::runtime_error in words for people, StorageError
// when the disk is full.
class NotebookVolumes {
 public:
  // `folder`: of the data folder; a folder for each volume.
  explicit NotebookVolumes(std::filesystem::path folder);

  // Why this machine can have no volumes, in words for people; nullopt when it can.
  static std::optional<std::string> why_not();

  // Makes the volume, or takes the one that is there, grown where it is smaller; answers the folder
  // with its files. `id` is path-safe. `key` has process::kFolderKeyBytes and must be the one it
  // was made with. What is open already stays as it is.
  std::filesystem::path open(const std::string& id, std::uint64_t bytes, std::string_view key);
  // Whether it was ever made, and its file is still there.
  bool exists(const std::string& id) const;
  // What was written is on the disk, and the kernel has the key no more. Of one that is not open:
  // nothing.
  void close(const std::string& id);
  void remove(const std::string& id);

 private:
  std::filesystem::path folder_of(const std::string& id) const;
  const std::filesystem::path folder_;
};

}  // namespace clary::engine
