#include "process/capture.h"

#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <system_error>

namespace clary::process {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds kReapTime{5000};

milliseconds left_until(steady_clock::time_point deadline) {
  return std::chrono::ceil<milliseconds>(deadline - steady_clock::now());
}

// False when the time is up before the program closed its output.
bool read_all(int file, steady_clock::time_point deadline, std::size_t limit, std::string& text) {
  std::array<char, 16 * 1024> buffer;
  while (true) {
    const milliseconds left = left_until(deadline);
    pollfd wait{file, POLLIN, 0};
    if (left.count() <= 0 || poll(&wait, 1, static_cast<int>(left.count())) <= 0) return false;
    const ssize_t size = read(file, buffer.data(), buffer.size());
    if (size <= 0) return true;
    text.append(buffer.data(), std::min(static_cast<std::size_t>(size), limit - text.size()));
  }
}

}  // namespace

std::optional<Captured> capture(Command command, milliseconds timeout, std::size_t limit) {
  const auto deadline = steady_clock::now() + timeout;
  Pipe output = make_pipe();
  command.standard_output = output.writer.get();
  Child child;
  try {
    child = spawn(command);
  } catch (const std::system_error&) {
    return std::nullopt;
  }
  output.writer.reset();
  Captured captured;
  std::optional<Exit> exit;
  if (read_all(output.reader.get(), deadline, limit, captured.output)) {
    exit = child.wait(std::max(left_until(deadline), milliseconds(0)));
  }
  if (!exit) {
    child.signal(SIGKILL);
    child.wait(kReapTime);
    return std::nullopt;
  }
  captured.exit = *exit;
  return captured;
}

}  // namespace clary::process
