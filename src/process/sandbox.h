// The sandbox of a workload: a bubblewrap command line that gives it a minimal root, /opt/ml of its
// own, no capabilities, its own process, IPC and host name spaces, and no network unless asked for.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "process/file_descriptor.h"

namespace clary::process {

struct Bind {
  std::filesystem::path host, inside;
  enum class Access { kRead, kWrite } access = Access::kRead;
};

// A file whose content the sandbox gets, read from where it stands: a mount costs much more.
struct FileCopy {
  FileDescriptor file;
  std::filesystem::path inside;
};

// Who the workload is to itself in a user name space.
inline constexpr uid_t kUserInUserSpace = 1000;

struct Sandbox {
  std::filesystem::path opt_ml;  // on the host; appears as /opt/ml, writable
  std::vector<FileCopy> files;   // of the minimal root: etc_files() and more
  std::vector<Bind> binds;       // in this order, after the minimal root
  bool network = false;
  // It is started in the network that it shall have (Command::network): none is made for it.
  bool in_network = false;
  std::string host_name = "algo-1";
  std::filesystem::path directory = "/opt/ml";  // where the workload starts, inside
  // The sandbox is set up, then waits until this descriptor becomes readable before it starts the
  // program: setting up costs milliseconds that can pass while inputs are still being fetched.
  int start_signal = -1;
  // Bubblewrap writes {"child-pid": N} there: the first process of the sandbox, by the host's
  // count.
  int information = -1;
  // Runs as this user of the host, who owns nothing else there; only root may ask for that. Without
  // it a user name space makes the workload whoever started it, and that must not be root: files of
  // the kernel under /proc ask who owns them and for no capability.
  std::optional<uid_t> user{};
  // The program that becomes that user, opened: open_become(). -1: setpriv, which takes longer.
  int become = -1;
  // A seccomp filter, syscall_filter.h; -1 for none.
  int syscall_filter = -1;
};

// Nullopt when bubblewrap is not installed.
std::optional<std::filesystem::path> find_bubblewrap();
// What to tell somebody in that case.
inline constexpr const char* kNoBubblewrap =
    "bubblewrap is not installed on this machine, and workloads run only inside its sandbox; "
    "run `apt-get install bubblewrap` (or your system's equivalent) and start the job again";

// The workload itself, by the host's count, from what bubblewrap wrote to `information`: the child
// of the sandbox's first process. Nullopt before it was started and after it ended.
std::optional<pid_t> workload_pid(std::string_view information);

// The sandbox's first process, by the host's count.
std::optional<pid_t> first_process(std::string_view information);

// What programs need of the machine's /etc, for Sandbox::files of one start.
std::vector<FileCopy> etc_files(bool network);

// clary-become, which stands beside this program; closed when it does not.
FileDescriptor open_become();

// The descriptors that the command needs: Command::inherited.
std::vector<int> inherited_by(const Sandbox& sandbox);

// The whole command: bubblewrap, its options, "--", `program` and its arguments. The environment is
// not part of it (secrets must not stand in a command line): the spawned process's is passed on.
std::vector<std::string> sandbox_command(const std::filesystem::path& bubblewrap,
                                         const Sandbox& sandbox,
                                         const std::vector<std::string>& program);

}  // namespace clary::process
