// File systems in files: made and checked by e2fsprogs, mounted through loop devices.
#pragma once

#include <chrono>
#include <filesystem>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "process/file_descriptor.h"

namespace clary::process {

// Why this machine cannot have them, in words for people; nullopt when it can. `tools`: of
// e2fsprogs.
std::optional<std::string> why_no_disk_images(std::initializer_list<std::string_view> tools);

struct ToolEnd {
  int code = 0;
  std::string said;
};
// Runs a program of e2fsprogs. `inherited`: a descriptor that it keeps, as a lock of what it works
// on: this program may end before it. blocks. Throws std::runtime_error when it takes longer.
ToolEnd run_tool(std::string_view tool, const std::vector<std::string>& arguments,
                 std::chrono::milliseconds patience, int inherited = -1);

struct LoopDevice {
  FileDescriptor file;
  std::string name;  // "/dev/loop7"
};
// A device over the file, which goes with its last user. Throws std::system_error.
LoopDevice attach(const FileDescriptor& image);
// The one that is over this file already, whatever it was called then, in whatever name space of
// mounts it is used: a file system that is mounted twice is lost, the same device twice is well.
std::optional<LoopDevice> find_attached(const std::filesystem::path& image);

// Whether something else than the folder's own file system is there.
bool is_mounted(const std::filesystem::path& place);
// "loop7"; "" where it is on none.
std::string device_name(const std::filesystem::path& folder);

}  // namespace clary::process
