#include "process/cgroup.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <fstream>
#include <string_view>
#include <thread>

#include "process/file_descriptor.h"

namespace clary::process {
namespace {

namespace fs = std::filesystem;

constexpr std::array<std::string_view, 4> kControllersV1{"memory", "cpu", "pids", "cpuacct"};
constexpr long kPeriodMicroseconds = 100000;

bool write_file(const fs::path& file, const std::string& text) {
  const FileDescriptor descriptor(open(file.c_str(), O_WRONLY | O_CLOEXEC));
  return descriptor &&
         write(descriptor.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
}

// The number after `word` in a flat keyed file, such as "oom_kill 1".
std::uint64_t keyed_value(const fs::path& file, std::string_view word) {
  std::ifstream in(file);
  std::string key;
  std::uint64_t value = 0;
  while (in >> key >> value) {
    if (key == word) return value;
  }
  return 0;
}

bool make_folder(const fs::path& folder) {
  std::error_code error;
  return fs::create_directory(folder, error) || (!error && fs::is_directory(folder, error));
}

std::string quota_of(double cpus) {
  return std::to_string(std::max(1000L, static_cast<long>(cpus * kPeriodMicroseconds)));
}

// Whether the limit of one version 1 controller is wanted and could be set.
bool limit_v1(const fs::path& folder, std::string_view controller, const CgroupLimits& limits) {
  if (controller == "memory") {
    return limits.memory_bytes != 0 && make_folder(folder) &&
           write_file(folder / "memory.limit_in_bytes", std::to_string(limits.memory_bytes));
  }
  if (controller == "cpu") {
    return limits.cpus > 0 && make_folder(folder) &&
           write_file(folder / "cpu.cfs_quota_us", quota_of(limits.cpus));
  }
  if (controller == "cpuacct") return make_folder(folder);  // counts, and limits nothing
  return limits.processes != 0 && make_folder(folder) &&
         write_file(folder / "pids.max", std::to_string(limits.processes));
}

bool limit_v2(const fs::path& root, const fs::path& folder, const CgroupLimits& limits) {
  write_file(root / "cgroup.subtree_control", "+memory +cpu +pids");
  if (!make_folder(folder)) return false;
  bool any = false;
  if (limits.memory_bytes != 0) {
    any |= write_file(folder / "memory.max", std::to_string(limits.memory_bytes));
    write_file(folder / "memory.swap.max", "0");
  }
  if (limits.cpus > 0) {
    any |= write_file(folder / "cpu.max",
                      quota_of(limits.cpus) + " " + std::to_string(kPeriodMicroseconds));
  }
  if (limits.processes != 0) {
    any |= write_file(folder / "pids.max", std::to_string(limits.processes));
  }
  return any;
}

}  // namespace

std::optional<Cgroup> Cgroup::create(const fs::path& root, const std::string& name,
                                     const CgroupLimits& limits) {
  std::error_code error;
  Cgroup group;
  if (fs::exists(root / "cgroup.controllers", error)) {
    if (limit_v2(root, root / name, limits)) group.folders_.push_back(root / name);
  } else {
    for (const std::string_view controller : kControllersV1) {
      const fs::path folder = root / controller / name;
      if (limit_v1(folder, controller, limits)) group.folders_.push_back(folder);
    }
  }
  if (group.folders_.empty()) return std::nullopt;
  return group;
}

Cgroup Cgroup::existing(const fs::path& root, const std::string& name) {
  Cgroup group;
  std::error_code error;
  std::vector<fs::path> candidates{root / name};
  for (const std::string_view controller : kControllersV1) {
    candidates.push_back(root / controller / name);
  }
  for (fs::path& folder : candidates) {
    if (fs::is_directory(folder, error)) group.folders_.push_back(std::move(folder));
  }
  return group;
}

Cgroup Cgroup::of_process(const fs::path& root, int pid) {
  Cgroup group;
  std::ifstream lines("/proc/" + std::to_string(pid) + "/cgroup");
  // NUMBER:CONTROLLERS:PATH, without controllers in version 2.
  for (std::string line; std::getline(lines, line);) {
    const auto first = line.find(':'), second = line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const fs::path below = fs::path(line.substr(second + 1)).relative_path();
    std::string controllers = line.substr(first + 1, second - first - 1);
    std::error_code error;
    if (controllers.empty() && fs::exists(root / "cgroup.controllers", error)) {
      group.folders_.push_back(root / below);
    }
    while (!controllers.empty()) {
      const auto end = std::min(controllers.find(','), controllers.size());
      fs::path folder = root / controllers.substr(0, end) / below;
      if (fs::is_directory(folder, error)) group.folders_.push_back(std::move(folder));
      controllers.erase(0, end + 1);
    }
  }
  return group;
}

std::vector<std::string> Cgroup::entry_files() const {
  std::vector<std::string> files;
  std::error_code error;
  for (const fs::path& folder : folders_) {
    const fs::path tasks = folder / "tasks";
    files.push_back(fs::exists(tasks, error) ? tasks : folder / "cgroup.procs");
  }
  return files;
}

bool Cgroup::out_of_memory() const {
  return std::any_of(folders_.begin(), folders_.end(), [](const fs::path& folder) {
    return keyed_value(folder / "memory.oom_control", "oom_kill") > 0 ||
           keyed_value(folder / "memory.events", "oom_kill") > 0;
  });
}

bool Cgroup::remove() const {
  // Processes of a sandbox that was just killed leave their group a moment after the sandbox ended.
  constexpr int kAttempts = 100;
  for (const fs::path& folder : folders_) {
    int attempt = 0;
    while (rmdir(folder.c_str()) != 0 && errno != ENOENT) {
      if (errno != EBUSY || ++attempt == kAttempts) return false;
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  }
  return true;
}

}  // namespace clary::process
