// Runs a program and takes what it prints.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "process/spawn.h"

namespace clary::process {

struct ProgramRun {
  Exit exit;  // by SIGKILL when it took too long
  std::string output, error;
};

// `command`'s outputs are taken, at most `most_bytes` of each; the program is killed after
// `timeout`. blocks: until it ended. Throws std::system_error when it cannot be started.
ProgramRun run_program(Command command, std::chrono::milliseconds timeout,
                       std::size_t most_bytes = 16 << 20);

// The same; nullopt when it cannot be started, was killed, or took longer than `timeout`.
std::optional<ProgramRun> try_program(Command command, std::chrono::milliseconds timeout,
                                      std::size_t most_bytes = 1 << 20);

// The program's path in PATH; "" when there is none.
std::string find_program(const std::string& name);

}  // namespace clary::process
