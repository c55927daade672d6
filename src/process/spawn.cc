#include "process/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <system_error>

namespace clary::process {
namespace {

// Everything the child needs, prepared by the parent: between vfork and exec nothing may allocate.
struct Prepared {
  std::vector<char*> arguments, environment;
  const Command& command;
  int null = -1;
  int failure_writer = -1;  // closes on exec, so that the parent sees its end
};

// What the child tells before it gives up. A message rather than a variable of the parent's: where
// vfork does not share memory (ThreadSanitizer makes a fork of it), it arrives all the same.
struct Failure {
  const char* what = nullptr;  // a literal: at the same address in both
  int error = 0;
};

std::vector<char*> pointers(const std::vector<std::string>& texts) {
  std::vector<char*> result;
  result.reserve(texts.size() + 1);
  for (const std::string& text : texts) result.push_back(const_cast<char*>(text.c_str()));
  result.push_back(nullptr);
  return result;
}

[[noreturn]] void fail(const Prepared& prepared, const char* what) {
  const Failure failure{what, errno};
  [[maybe_unused]] const ssize_t told = write(prepared.failure_writer, &failure, sizeof failure);
  _exit(127);
}

// blocks: until the child has become its program. Nullopt: it has.
std::optional<Failure> failure_of_child(const FileDescriptor& reader) {
  Failure failure;
  ssize_t size = 0;
  while ((size = read(reader.get(), &failure, sizeof failure)) < 0 && errno == EINTR) {
  }
  if (size != sizeof failure) return std::nullopt;
  return failure;
}

void enter_cgroup(const Prepared& prepared, const std::string& file) {
  const int procs = open(file.c_str(), O_WRONLY | O_CLOEXEC);
  // "0" is the writer itself.
  if (procs < 0 || write(procs, "0", 1) != 1) fail(prepared, "enter the control group");
  close(procs);
}

void limit(const Prepared& prepared, __rlimit_resource resource, std::optional<std::uint64_t> value,
           const char* what) {
  if (!value) return;
  const rlimit both{*value, *value};
  if (setrlimit(resource, &both) != 0) fail(prepared, what);
}

// Runs in the child, on the parent's memory: system calls only.
[[noreturn]] void become(const Prepared& prepared) {
  const Command& command = prepared.command;
  // The parent's handlers must not run here; ignored signals would stay ignored after exec.
  struct sigaction reset = {};
  reset.sa_handler = SIG_DFL;
  for (int number = 1; number < NSIG; ++number) sigaction(number, &reset, nullptr);
  if (command.new_session && setsid() < 0) fail(prepared, "setsid");
  for (const std::string& file : command.cgroups) enter_cgroup(prepared, file);
  if (command.user_space >= 0 && setns(command.user_space, CLONE_NEWUSER) != 0) {
    fail(prepared, "enter the user name space");
  }
  if (command.network >= 0 && setns(command.network, CLONE_NEWNET) != 0) {
    fail(prepared, "enter the network");
  }
  if (!command.directory.empty() && chdir(command.directory.c_str()) != 0) {
    fail(prepared, "enter the working directory");
  }
  const int wanted[3] = {command.standard_input, command.standard_output, command.standard_error};
  for (int number = 0; number < 3; ++number) {
    if (dup2(wanted[number] < 0 ? prepared.null : wanted[number], number) < 0) {
      fail(prepared, "dup2");
    }
  }
  if (syscall(SYS_close_range, 3U, ~0U, CLOSE_RANGE_CLOEXEC) != 0) fail(prepared, "close_range");
  for (const int number : command.inherited) {
    if (fcntl(number, F_SETFD, 0) != 0) fail(prepared, "inherit a descriptor");
  }
  limit(prepared, RLIMIT_NOFILE, command.open_files, "limit open files");
  limit(prepared, RLIMIT_FSIZE, command.file_bytes, "limit the size of files");
  if (!command.core_dumps) limit(prepared, RLIMIT_CORE, 0, "forbid core dumps");
  sigset_t blocked;
  sigemptyset(&blocked);
  if (command.block_termination) sigaddset(&blocked, SIGTERM);
  sigprocmask(SIG_SETMASK, &blocked, nullptr);
  execve(prepared.arguments[0], prepared.arguments.data(), prepared.environment.data());
  fail(prepared, "exec");
}

Exit to_exit(int status) {
  if (WIFSIGNALED(status)) return {.code = 0, .signal = WTERMSIG(status)};
  return {.code = WEXITSTATUS(status), .signal = 0};
}

}  // namespace

Child spawn(const Command& command) {
  FileDescriptor null(open("/dev/null", O_RDWR | O_CLOEXEC));
  if (!null) throw std::system_error(errno, std::generic_category(), "open /dev/null");
  Pipe failures = make_pipe();
  const Prepared prepared{pointers(command.arguments), pointers(command.environment), command,
                          null.get(), failures.writer.get()};
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wdeprecated-declarations"
  const pid_t pid = vfork();
#pragma clang diagnostic pop
  if (pid == 0) become(prepared);
  const int vfork_error = errno;
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (pid < 0) throw std::system_error(vfork_error, std::generic_category(), "vfork");
  failures.writer = {};
  if (const auto failure = failure_of_child(failures.reader)) {
    waitpid(pid, nullptr, 0);
    throw std::system_error(failure->error, std::generic_category(),
                            std::string(failure->what) + " " + command.arguments[0]);
  }
  FileDescriptor pidfd(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
  if (!pidfd) throw std::system_error(errno, std::generic_category(), "pidfd_open");
  return Child(pid, std::move(pidfd));
}

std::optional<Exit> Child::poll() {
  return wait(std::chrono::milliseconds(0));
}

std::optional<Exit> Child::wait(std::chrono::milliseconds timeout) {
  if (exit_ || pid_ <= 0) return exit_;
  pollfd ended{pidfd_.get(), POLLIN, 0};
  while (::poll(&ended, 1, static_cast<int>(timeout.count())) < 0 && errno == EINTR) {
  }
  int status = 0;
  if (waitpid(pid_, &status, WNOHANG) == pid_) exit_ = to_exit(status);
  return exit_;
}

void Child::signal(int number) const {
  if (!exit_ && pidfd_) syscall(SYS_pidfd_send_signal, pidfd_.get(), number, nullptr, 0);
}

void Child::signal_session(int number) const {
  // As long as nobody has waited for it, its number is no other group's.
  if (!exit_ && pid_ > 0) kill(-pid_, number);
}

Pipe make_pipe() {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) throw std::system_error(errno, std::generic_category(), "pipe");
  return {FileDescriptor(ends[0]), FileDescriptor(ends[1])};
}

}  // namespace clary::process
