#include "keys/key_command.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>

#include "keys/aead.h"
#include "keys/root_key.h"

extern "C" char** environ;

namespace clary::keys {
namespace {

constexpr std::size_t kMostBytes = 4096;
constexpr std::chrono::seconds kPatience{60};

// With no signal blocked, whatever this process blocks. -1 and errno when it cannot be started.
pid_t start(const std::vector<std::string>& command, int out) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none;
  sigemptyset(&none);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
  std::vector<std::string> words = command;
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  pid_t child = -1;
  const int error = posix_spawnp(&child, argv[0], &actions, &attributes, argv.data(), environ);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  errno = error;
  return error == 0 ? child : -1;
}

// All of it, or nothing when there is too much or it takes too long.
bool read_to_end(int fd, std::string& out) {
  const auto end = std::chrono::steady_clock::now() + kPatience;
  out.reserve(kMostBytes + 512);  // never moved: a move would leave a copy behind
  while (out.size() <= kMostBytes) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        end - std::chrono::steady_clock::now());
    pollfd waiting{.fd = fd, .events = POLLIN, .revents = 0};
    if (left.count() <= 0 || ::poll(&waiting, 1, static_cast<int>(left.count())) == 0) return false;
    char buffer[512];
    const ssize_t n = ::read(fd, buffer, sizeof buffer);
    if (n == 0) return true;
    if (n < 0 && errno != EINTR) return false;
    if (n > 0) out.append(buffer, static_cast<std::size_t>(n));
    OPENSSL_cleanse(buffer, sizeof buffer);
  }
  return false;
}

}  // namespace

std::string run_key_command(const std::vector<std::string>& command) {
  const std::string name = "the command " + command.front();
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) throw RootKeyError(name + ": " + std::strerror(errno));
  const pid_t child = start(command, ends[1]);
  const int error = errno;
  ::close(ends[1]);
  if (child < 0) {
    ::close(ends[0]);
    throw RootKeyError(name + " cannot be started: " + std::strerror(error));
  }
  std::string out;
  const bool whole = read_to_end(ends[0], out);
  ::close(ends[0]);
  if (!whole) ::kill(child, SIGKILL);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (!whole) {
    throw RootKeyError(name + " printed more than a key or took longer than a minute");
  }
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    throw RootKeyError(name + " failed" +
                       (WIFEXITED(status) ? " with exit code " + std::to_string(WEXITSTATUS(status))
                                          : std::string()));
  }
  return out;
}

}  // namespace clary::keys
