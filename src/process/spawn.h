// Starting a child process: vfork and exec, so that a large server pays no copy of its page tables,
// no shell, nothing inherited that was not asked for.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "process/file_descriptor.h"

namespace clary::process {

struct Command {
  std::vector<std::string> arguments{};  // arguments[0] is the program: an absolute path
  // The whole environment, not an addition: nothing leaks from the parent. "NAME=value".
  std::vector<std::string> environment{};
  std::string directory{};  // "" keeps the parent's
  int standard_input = -1;  // -1: /dev/null, for each of the three
  int standard_output = -1, standard_error = -1;
  std::vector<int> inherited{};               // further descriptors the child keeps, same number
  bool new_session = false;                   // setsid: survives its parent, own process group
  std::optional<std::uint64_t> open_files{};  // RLIMIT_NOFILE, soft and hard
  std::optional<std::uint64_t> file_bytes{};  // RLIMIT_FSIZE: the largest file it may write
  bool core_dumps = true;                     // false: a crash writes no memory to disk
  // The child starts with SIGTERM blocked, so that one sent before it is ready to take it from a
  // signalfd waits instead of ending it.
  bool block_termination = false;
  // Files the child writes "0" to before exec in order to enter control groups: cgroup.h.
  std::vector<std::string> cgroups{};
  // Name spaces the child enters before exec, network_space.h: of users, then the network; -1:
  // none.
  int user_space = -1, network = -1;
};

struct Exit {
  int code = 0;    // of exit(), when signal is 0
  int signal = 0;  // that ended it
};

// What a shell would show: the code, or 128 + signal.
inline int shell_code(const Exit& exit) {
  return exit.signal != 0 ? 128 + exit.signal : exit.code;
}

// owns: the pidfd; a child that is dropped runs on. threads: one at a time.
class Child {
 public:
  Child() = default;
  Child(pid_t pid, FileDescriptor pidfd) : pid_(pid), pidfd_(std::move(pidfd)) {}
  explicit operator bool() const { return pid_ > 0; }
  pid_t pid() const { return pid_; }
  int pidfd() const { return pidfd_.get(); }  // readable when the child has ended
  // Nullopt while it runs. Reaps it.
  std::optional<Exit> poll();
  // blocks: up to `timeout`.
  std::optional<Exit> wait(std::chrono::milliseconds timeout);
  void signal(int number) const;  // no effect once it ended
  // The same to all processes of the session that it leads (Command::new_session).
  void signal_session(int number) const;

 private:
  pid_t pid_ = -1;
  FileDescriptor pidfd_;
  std::optional<Exit> exit_;
};

// Throws std::system_error: what failed is in the message ("exec /usr/bin/bwrap").
// threads: any; but a sandbox that dies with its parent dies with the *thread* that spawned it.
Child spawn(const Command& command);

struct Pipe {
  FileDescriptor reader, writer;  // both close on exec
};
Pipe make_pipe();

}  // namespace clary::process
