#include "process/process_id.h"

#include <fcntl.h>
#include <sys/syscall.h>

#include <charconv>

namespace clary::process {
namespace {

template <class Number>
bool parse(std::string_view text, Number& number) {
  const auto result = std::from_chars(text.data(), text.data() + text.size(), number);
  return result.ec == std::errc() && result.ptr == text.data() + text.size();
}

}  // namespace

std::string to_text(const ProcessId& id) {
  return std::to_string(id.pid) + ":" + std::to_string(id.start_time);
}

std::optional<ProcessId> parse_process_id(std::string_view text) {
  const auto colon = text.find(':');
  ProcessId id;
  if (colon == std::string_view::npos || !parse(text.substr(0, colon), id.pid) ||
      !parse(text.substr(colon + 1), id.start_time) || id.pid <= 0) {
    return std::nullopt;
  }
  return id;
}

std::optional<ProcessId> process_id(pid_t pid) {
  const std::string path = "/proc/" + std::to_string(pid) + "/stat";
  FileDescriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  char buffer[1024];
  const ssize_t size = file ? read(file.get(), buffer, sizeof buffer) : -1;
  if (size <= 0) return std::nullopt;
  // The second field is the name in parentheses and may hold anything, parentheses too.
  std::string_view text(buffer, static_cast<std::size_t>(size));
  const auto after_name = text.rfind(')');
  if (after_name == std::string_view::npos || after_name + 2 >= text.size()) return std::nullopt;
  text.remove_prefix(after_name + 2);
  if (text.front() == 'Z' || text.front() == 'X') return std::nullopt;
  // text begins with field 3.
  for (int field = 3; field < 22; ++field) {
    const auto space = text.find(' ');
    if (space == std::string_view::npos) return std::nullopt;
    text.remove_prefix(space + 1);
  }
  ProcessId id{.pid = pid};
  if (!parse(text.substr(0, text.find(' ')), id.start_time)) return std::nullopt;
  return id;
}

bool alive(const ProcessId& id) {
  return process_id(id.pid) == id;
}

FileDescriptor open_process(const ProcessId& id) {
  FileDescriptor pidfd(static_cast<int>(syscall(SYS_pidfd_open, id.pid, 0)));
  // Looked at after opening: what the pidfd names cannot change any more.
  if (pidfd && !alive(id)) pidfd.reset();
  return pidfd;
}

bool send_signal(const ProcessId& id, int signal) {
  const FileDescriptor pidfd = open_process(id);
  return pidfd && syscall(SYS_pidfd_send_signal, pidfd.get(), signal, nullptr, 0) == 0;
}

}  // namespace clary::process
