// Shells in the sandbox of a workload that runs, for those who may open the run's folder: the Unix
// socket `shell.sock` in it. The server says to whom (RemoteDebugConfig; `clary shell`).
#pragma once

#include <atomic>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "agent/workload.h"
#include "process/file_descriptor.h"

namespace clary::agent {

// One connection, one program: {"term": "xterm", "command": [...]} and a newline come in (no
// command: a shell), {"ok": true} and the terminal's other end (SCM_RIGHTS) go out, and at last
// {"exit": 0}. Closing the connection ends the program.
// owns: a thread for each connection; the destructor ends what they started. threads: one.
class ShellServer {
 public:
  // `environment`: of the workload. Throws StorageError.
  ShellServer(const std::filesystem::path& socket, std::vector<std::string> environment);
  ~ShellServer();
  ShellServer(const ShellServer&) = delete;
  ShellServer& operator=(const ShellServer&) = delete;

  int listening() const { return listener_.get(); }  // readable: accept()
  void accept(const Workload& workload);

 private:
  const std::filesystem::path path_;
  const std::vector<std::string> environment_;
  process::FileDescriptor listener_, ending_;
  struct Shell {
    std::shared_ptr<std::atomic<bool>> over;
    std::jthread thread;
  };
  std::vector<Shell> shells_;
};

}  // namespace clary::agent
