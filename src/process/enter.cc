#include "process/enter.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <system_error>

#include "process/file_descriptor.h"

namespace clary::process {
namespace {

[[noreturn]] void fail(const char* what) {
  throw std::system_error(errno, std::generic_category(), what);
}

// Whether the process is in another name space of this kind than this one.
bool differs(pid_t process, const char* kind) {
  struct stat own = {}, other = {};
  const std::string name = std::string("/ns/") + kind;
  if (stat(("/proc/self" + name).c_str(), &own) != 0 ||
      stat(("/proc/" + std::to_string(process) + name).c_str(), &other) != 0) {
    fail("look at the name spaces of the sandbox");
  }
  return own.st_ino != other.st_ino;
}

std::vector<sock_filter> read_filter(int file) {
  std::vector<sock_filter> filter;
  if (file < 0) return filter;
  std::array<sock_filter, 256> part;
  off_t at = 0;
  ssize_t size = 0;
  while ((size = pread(file, part.data(), sizeof part, at)) > 0) {
    filter.insert(filter.end(), part.begin(),
                  part.begin() + size / static_cast<ssize_t>(sizeof(sock_filter)));
    at += size;
  }
  if (size < 0) fail("read the filter of system calls");
  return filter;
}

// All of them by the process's own handle, so that another that got its number is not entered.
void enter_name_spaces(const Entry& entry) {
  const FileDescriptor process(static_cast<int>(syscall(SYS_pidfd_open, entry.first, 0)));
  if (!process) fail("find the sandbox");
  int spaces = 0;
  constexpr std::array<std::pair<const char*, int>, 6> kSpaces{{{"user", CLONE_NEWUSER},
                                                                {"mnt", CLONE_NEWNS},
                                                                {"uts", CLONE_NEWUTS},
                                                                {"ipc", CLONE_NEWIPC},
                                                                {"net", CLONE_NEWNET},
                                                                {"pid", CLONE_NEWPID}}};
  for (const auto& [kind, flag] : kSpaces) {
    if (differs(entry.first, kind)) spaces |= flag;
  }
  // What is not walled off is not a sandbox.
  if ((spaces & CLONE_NEWNS) == 0 || (spaces & CLONE_NEWPID) == 0) {
    errno = ESRCH;
    fail("the sandbox has no walls yet");
  }
  if (setns(process.get(), spaces) != 0) fail("enter the sandbox");
}

// Nothing may be gained from here on.
void give_up_rights(const Entry& entry, const std::vector<sock_filter>& filter) {
  for (int capability = 0; prctl(PR_CAPBSET_READ, capability) >= 0; ++capability) {
    prctl(PR_CAPBSET_DROP, capability);
  }
  if (entry.user) {
    if (setgroups(0, nullptr) != 0 || setresgid(*entry.user, *entry.user, *entry.user) != 0 ||
        setresuid(*entry.user, *entry.user, *entry.user) != 0) {
      fail("become the workload's user");
    }
  }
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  const std::array<__user_cap_data_struct, 2> none{};
  if (syscall(SYS_capset, &header, none.data()) != 0) fail("give up capabilities");
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) fail("forbid new privileges");
  if (filter.empty()) return;
  const sock_fprog program{static_cast<unsigned short>(filter.size()),
                           const_cast<sock_filter*>(filter.data())};
  if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) != 0) fail("filter system calls");
}

[[noreturn]] void become(const Entry& entry, const std::vector<sock_filter>& filter,
                         const std::vector<std::string>& program) {
  try {
    setsid();
    if (isatty(STDIN_FILENO) != 0) ioctl(STDIN_FILENO, TIOCSCTTY, 0);
    if (chdir(entry.directory.c_str()) != 0 && chdir("/") != 0) fail("enter the folder");
    give_up_rights(entry, filter);
    prctl(PR_SET_PDEATHSIG, SIGKILL);  // with the process that waits for it
    std::vector<char*> arguments;
    for (const std::string& word : program) arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);
    execv(arguments[0], arguments.data());
    fail(arguments[0]);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
  }
  _exit(127);
}

}  // namespace

int run_inside(const Entry& entry, const std::vector<std::string>& program) {
  const std::vector<sock_filter> filter = read_filter(entry.syscall_filter);
  enter_name_spaces(entry);
  const pid_t child = fork();  // a name space of processes is entered by children only
  if (child < 0) fail("fork");
  if (child == 0) become(entry, filter, program);
  int status = 0;
  while (waitpid(child, &status, 0) < 0) {
    if (errno != EINTR) fail("wait");
  }
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

std::vector<std::string> enter_command(const std::string& self, const Entry& entry,
                                       const std::vector<std::string>& program) {
  std::vector<std::string> command{self,
                                   "agent",
                                   "enter",
                                   std::to_string(entry.first),
                                   entry.user ? std::to_string(*entry.user) : "-",
                                   std::to_string(entry.syscall_filter),
                                   entry.directory};
  command.insert(command.end(), program.begin(), program.end());
  return command;
}

int enter_main(int argc, const char* const* argv) {
  if (argc < 5) return 127;
  Entry entry;
  entry.first = static_cast<pid_t>(std::strtol(argv[0], nullptr, 10));
  if (std::string_view(argv[1]) != "-") {
    entry.user = static_cast<uid_t>(std::strtoul(argv[1], nullptr, 10));
  }
  entry.syscall_filter = static_cast<int>(std::strtol(argv[2], nullptr, 10));
  entry.directory = argv[3];
  try {
    return run_inside(entry, {argv + 4, argv + argc});
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 127;
  }
}

}  // namespace clary::process
