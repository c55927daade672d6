// What a short program prints.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "process/spawn.h"

namespace clary::process {

struct Captured {
  Exit exit;
  std::string output;  // of its standard output, at most the limit
};

// Runs `command` to its end. Nullopt when it cannot be started, or took longer than `timeout` and
// was killed. blocks: up to `timeout`.
std::optional<Captured> capture(Command command, std::chrono::milliseconds timeout,
                                std::size_t limit = 1 << 20);

}  // namespace clary::process
