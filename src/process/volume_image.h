// A volume that outlives what uses it, programs and machines: a journalled ext4 in a sparse file,
// with one folder that the kernel encrypts.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace clary::process {

// Why this machine cannot have them, in words for people; nullopt when it can.
std::optional<std::string> why_no_volume_images();

// FOLDER/disk is the file, FOLDER/plain where it is mounted, FOLDER/lock held by who works on them.
// owns nothing: what is open stays open when the program ends, in whatever way, and the next one
// takes it over. threads, processes: any; one at a time gets to work. blocks: on the disk, and up
// to a minute on the lock. errors: std::runtime_error in words for people, StorageError when the
// disk is full.
class VolumeImage {
 public:
  explicit VolumeImage(std::filesystem::path folder);

  // The folder with the files. The first time the volume is made, all or nothing; what is there is
  // never made anew: damage is an error. Grows the file system where it has fewer than `bytes`,
  // unless it is open.
  std::filesystem::path open(std::uint64_t bytes, std::string_view key) const;
  bool exists() const { return std::filesystem::exists(image_); }
  // What was written is on the disk, the kernel has no key of it, and nothing is mounted here.
  // Throws when somebody still uses its files; to be called again then.
  void close() const;
  // The same, and then there is no such volume.
  void remove() const;

 private:
  enum class Written { kKeep, kDrop };
  void shut(Written written) const;
  void make(std::uint64_t bytes, std::string_view key, int lock) const;
  void mount_image(std::uint64_t bytes, int lock) const;
  void check_and_grow(std::uint64_t bytes, int lock) const;
  void mount_device(const std::string& device) const;
  bool shows_image() const;
  void unmount() const;

  const std::filesystem::path folder_, image_, fresh_, growing_, place_, files_;
};

}  // namespace clary::process
