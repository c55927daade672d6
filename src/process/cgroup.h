// A control group for one workload: memory, CPU time and number of processes. Version 2, or version
// 1 where the controllers are mounted apart; where neither may be written (an ordinary user without
// delegation, a container), there is none and the workload runs without these limits.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace clary::process {

struct CgroupLimits {
  std::uint64_t memory_bytes = 0;  // 0: no limit
  double cpus = 0;                 // 0: no limit
  std::uint64_t processes = 0;     // 0: no limit
};

// owns: nothing: the group stays until remove(), so that another process can clean up after a dead
// one. threads: one at a time.
class Cgroup {
 public:
  // `root` is /sys/fs/cgroup but in tests; `name` a plain file name. A group of that name that is
  // there already is used. Nullopt when not a single wanted controller can be had.
  static std::optional<Cgroup> create(const std::filesystem::path& root, const std::string& name,
                                      const CgroupLimits& limits);
  // The folders of a group that was created before, for remove().
  static Cgroup existing(const std::filesystem::path& root, const std::string& name);

  // The groups that a process is in, which somebody else made; not for remove().
  static Cgroup of_process(const std::filesystem::path& root, int pid);

  // One, or one for each controller: its accounts are files in them.
  const std::vector<std::filesystem::path>& folders() const { return folders_; }
  // What a process of one thread writes "0" to in order to enter: Command::cgroups. In version 1
  // that is "tasks": it moves just the writer, for which the kernel takes no lock on all processes.
  // The same through cgroup.procs was seen to wait 10 to 25 ms for a grace period.
  std::vector<std::string> entry_files() const;
  // True when the kernel killed a process of the group for memory.
  bool out_of_memory() const;
  // Only empty groups can be removed; false when a process is still in it after a tenth of a
  // second. blocks: that long.
  bool remove() const;

 private:
  std::vector<std::filesystem::path> folders_;
};

}  // namespace clary::process
