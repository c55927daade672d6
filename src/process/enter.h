// A further program inside a sandbox that runs: the same name spaces, the same user, the same
// filter of system calls, no capability. What a shell in a job's sandbox is started with.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

namespace clary::process {

struct Entry {
  pid_t first = 0;              // the sandbox's first process, by the host's count
  std::optional<uid_t> user{};  // as Sandbox::user
  int syscall_filter = -1;      // syscall_filter.h; -1 for none
  std::string directory = "/opt/ml";
};

// Enters with this process, which must have one thread, and runs `program` in a child of it; its
// exit code. Standard input is the child's terminal if it is one. The environment is this one's.
// Throws std::system_error when the sandbox cannot be entered.
int run_inside(const Entry& entry, const std::vector<std::string>& program);

// The same as the command of another process: `self` is a program whose main() hands the arguments
// after "enter" to enter_main(), so that they need not know how it is done.
std::vector<std::string> enter_command(const std::string& self, const Entry& entry,
                                       const std::vector<std::string>& program);
int enter_main(int argc, const char* const* argv);

}  // namespace clary::process
