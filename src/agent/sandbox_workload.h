// A workload on this machine's own programs, held by a bubblewrap sandbox and a control group: a
// built-in algorithm, or a Python environment of the host.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "agent/workload.h"
#include "process/cgroup.h"
#include "process/file_descriptor.h"

namespace clary::agent {

class SandboxWorkload final : public Workload {
 public:
  // Throws CannotLaunch.
  explicit SandboxWorkload(const WorkloadOptions& options);
  ~SandboxWorkload() override;

  void go() override;
  void terminate() override;
  void kill() override;
  std::optional<process::Exit> poll() override { return child_.poll(); }
  bool out_of_memory() const override { return cgroup_ && cgroup_->out_of_memory(); }
  ResourceSource resources() const override;

  std::optional<Inside> inside() const override;

  int exit_event() const override { return child_.pidfd(); }
  int output() const override { return output_.reader.get(); }
  int error() const override { return error_.reader.get(); }

 private:
  // What bubblewrap told about the sandbox, once it has.
  const std::string& information() const;

  process::Child child_;
  mutable std::string told_;                    // what was read of information_
  const std::optional<uid_t> user_;             // workload_user.h
  std::vector<std::filesystem::path> owned_{};  // what becomes that user's before it starts
  process::FileDescriptor syscall_filter_;
  process::Pipe output_, error_, start_, information_;
  std::optional<process::Cgroup> cgroup_;
};

// Where the built-in algorithms' program is: $CLARY_ALGO, or beside this program.
std::filesystem::path native_program();

}  // namespace clary::agent
