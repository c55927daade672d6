// A file system that stands still while the file it is in is copied.
#pragma once

#include <chrono>
#include <filesystem>

#include "process/file_descriptor.h"

namespace clary::process {

// From construction until thaw() or the end of this program, by whatever, nothing in the file
// system changes and all of it is in its file: writers wait. A child sees to it that it is not for
// longer than `at_most` either. threads: one. errors: std::system_error.
class Frozen {
 public:
  // `device`: the loop device that it is mounted from, in whatever name space of mounts.
  Frozen(const std::filesystem::path& device, std::chrono::milliseconds at_most);
  ~Frozen() { (void)thaw(); }
  Frozen(const Frozen&) = delete;
  Frozen& operator=(const Frozen&) = delete;

  // False: it was thawed before, so that what was read meanwhile is of no use.
  [[nodiscard]] bool thaw();

 private:
  FileDescriptor root_, alive_;
  int guard_ = -1;  // the child
};

}  // namespace clary::process
