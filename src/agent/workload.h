// The workload's process: the program in its sandbox, with its pipes and its control group.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "agent/run_file.h"
#include "process/cgroup.h"
#include "process/file_descriptor.h"
#include "process/sandbox.h"
#include "process/spawn.h"

namespace clary::agent {

// Why a workload cannot be started at all; what() is for the user.
class CannotLaunch : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

struct WorkloadOptions {
  const RunFile& run;
  std::filesystem::path opt_ml;
  std::vector<process::Bind> binds{};                // beside the program's own folders
  std::map<std::string, std::string> environment{};  // wins over the spec's
};

// owns: the process; the destructor kills what still runs. threads: one, and it must live as long
// as the workload, which dies with the thread that started it.
class Workload {
 public:
  // Sets the sandbox up; the program itself waits for go(). Throws CannotLaunch.
  explicit Workload(const WorkloadOptions& options);
  ~Workload();
  Workload(const Workload&) = delete;
  Workload& operator=(const Workload&) = delete;

  void go();         // throws StorageError
  void terminate();  // SIGTERM to the program alone; kills when it is not running yet
  void kill();
  std::optional<process::Exit> poll() { return child_.poll(); }
  bool out_of_memory() const { return cgroup_ && cgroup_->out_of_memory(); }

  int pidfd() const { return child_.pidfd(); }
  int output() const { return output_.reader.get(); }  // non-blocking
  int error() const { return error_.reader.get(); }    // non-blocking

 private:
  process::Child child_;
  const std::optional<uid_t> user_;             // workload_user.h
  std::vector<std::filesystem::path> owned_{};  // what becomes that user's before it starts
  process::FileDescriptor syscall_filter_;
  process::Pipe output_, error_, start_, information_;
  std::optional<process::Cgroup> cgroup_;
};

// Where the built-in algorithms' program is: $CLARY_ALGO, or beside this program.
std::filesystem::path native_program();

}  // namespace clary::agent
