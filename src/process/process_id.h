// Naming a process so that the name stays true after it ended and its number was used again: the
// pid together with the kernel's start time of the process.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "process/file_descriptor.h"

namespace clary::process {

struct ProcessId {
  pid_t pid = 0;
  std::uint64_t start_time = 0;  // clock ticks since boot: /proc/PID/stat, field 22
  friend bool operator==(const ProcessId&, const ProcessId&) = default;
};

std::string to_text(const ProcessId& id);  // "4711:982345"
std::optional<ProcessId> parse_process_id(std::string_view text);

// Nullopt when no such process exists. A zombie counts as ended.
std::optional<ProcessId> process_id(pid_t pid);
bool alive(const ProcessId& id);

// A pidfd of exactly that process; empty when it ended.
FileDescriptor open_process(const ProcessId& id);
// False when it has ended.
bool send_signal(const ProcessId& id, int signal);

}  // namespace clary::process
