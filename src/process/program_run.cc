#include "process/program_run.h"

#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <system_error>
#include <utility>

namespace clary::process {
namespace {

using SteadyClock = std::chrono::steady_clock;

// False at the end of the stream.
bool take(int file, std::string& text, std::size_t most_bytes) {
  std::array<char, 64 * 1024> buffer;
  const ssize_t size = read(file, buffer.data(), buffer.size());
  if (size <= 0) return false;
  const std::size_t room = most_bytes - std::min(most_bytes, text.size());
  text.append(buffer.data(), std::min(room, static_cast<std::size_t>(size)));
  return true;
}

}  // namespace

ProgramRun run_program(Command command, std::chrono::milliseconds timeout, std::size_t most_bytes) {
  Pipe output = make_pipe(), error = make_pipe();
  command.standard_output = output.writer.get();
  command.standard_error = error.writer.get();
  Child child = spawn(command);
  output.writer.reset();
  error.writer.reset();
  ProgramRun result;
  const auto deadline = SteadyClock::now() + timeout;
  bool output_open = true, error_open = true;
  while (output_open || error_open) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - SteadyClock::now());
    if (left.count() <= 0) break;
    std::array<pollfd, 2> files{{{output_open ? output.reader.get() : -1, POLLIN, 0},
                                 {error_open ? error.reader.get() : -1, POLLIN, 0}}};
    if (poll(files.data(), files.size(), static_cast<int>(left.count())) <= 0) continue;
    if (files[0].revents != 0) {
      output_open = take(output.reader.get(), result.output, most_bytes);
    }
    if (files[1].revents != 0) error_open = take(error.reader.get(), result.error, most_bytes);
  }
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - SteadyClock::now());
  auto exit = child.wait(std::max(left, std::chrono::milliseconds(0)));
  if (!exit) {
    child.signal(SIGKILL);
    exit = child.wait(std::chrono::seconds(10));
  }
  result.exit = exit.value_or(Exit{.code = 0, .signal = SIGKILL});
  return result;
}

std::optional<ProgramRun> try_program(Command command, std::chrono::milliseconds timeout,
                                      std::size_t most_bytes) {
  try {
    ProgramRun run = run_program(std::move(command), timeout, most_bytes);
    if (run.exit.signal != SIGKILL) return run;
  } catch (const std::system_error&) {
    // No such program, as a rule.
  }
  return std::nullopt;
}

std::string find_program(const std::string& name) {
  const char* path = getenv("PATH");
  std::string_view rest = path == nullptr ? "/usr/local/bin:/usr/bin:/bin" : path;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find(':'), rest.size());
    const std::string candidate = std::string(rest.substr(0, end)) + "/" + name;
    if (candidate.front() == '/' && access(candidate.c_str(), X_OK) == 0) return candidate;
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return {};
}

}  // namespace clary::process
