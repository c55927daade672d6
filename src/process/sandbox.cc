#include "process/sandbox.h"

#include <unistd.h>

#include <array>
#include <fstream>

#include "base/json.h"

namespace clary::process {
namespace {

void add(std::vector<std::string>& command, std::initializer_list<std::string> words) {
  command.insert(command.end(), words);
}

// The machine's programs and libraries, read only, and of /etc only what programs need to start.
void add_root(std::vector<std::string>& command, bool network) {
  add(command, {"--ro-bind", "/usr", "/usr"});
  for (const char* folder : {"lib", "lib64", "bin", "sbin"}) {
    add(command, {"--symlink", std::string("usr/") + folder, std::string("/") + folder});
  }
  for (const char* file : {"/etc/alternatives", "/etc/ld.so.cache", "/etc/passwd", "/etc/group",
                           "/etc/nsswitch.conf", "/etc/localtime", "/etc/mime.types"}) {
    add(command, {"--ro-bind-try", file, file});
  }
  if (!network) return;
  for (const char* file : {"/etc/resolv.conf", "/etc/ssl", "/etc/ca-certificates", "/etc/services",
                           "/etc/protocols", "/etc/gai.conf"}) {
    add(command, {"--ro-bind-try", file, file});
  }
}

}  // namespace

std::optional<std::filesystem::path> find_bubblewrap() {
  for (const char* path : {"/usr/bin/bwrap", "/usr/local/bin/bwrap", "/bin/bwrap"}) {
    if (access(path, X_OK) == 0) return path;
  }
  return std::nullopt;
}

std::optional<pid_t> workload_pid(std::string_view information) {
  boost::system::error_code error;
  const json::value value = json::parse(information, error);
  if (error || !value.is_object()) return std::nullopt;
  const auto first = find_int(value.get_object(), "child-pid");
  if (!first) return std::nullopt;
  const std::string number = std::to_string(*first);
  std::ifstream children("/proc/" + number + "/task/" + number + "/children");
  pid_t pid = 0;
  if (children >> pid) return pid;
  return std::nullopt;
}

std::vector<std::string> sandbox_command(const std::filesystem::path& bubblewrap,
                                         const Sandbox& sandbox,
                                         const std::vector<std::string>& program) {
  std::vector<std::string> command{bubblewrap};
  add_root(command, sandbox.network);
  add(command, {"--tmpfs", "/tmp", "--dev", "/dev", "--proc", "/proc"});
  add(command, {"--bind", sandbox.opt_ml, "/opt/ml"});
  for (const Bind& bind : sandbox.binds) {
    add(command,
        {bind.access == Bind::Access::kWrite ? "--bind" : "--ro-bind", bind.host, bind.inside});
  }
  add(command, {"--unshare-all"});
  if (sandbox.network) add(command, {"--share-net"});
  // Without --cap-drop ALL, bubblewrap started by root leaves nearly all capabilities.
  add(command, {"--cap-drop", "ALL", "--uid", "1000", "--gid", "1000", "--hostname",
                sandbox.host_name, "--die-with-parent", "--new-session"});
  if (sandbox.start_signal >= 0) {
    add(command, {"--block-fd", std::to_string(sandbox.start_signal)});
  }
  if (sandbox.information >= 0) {
    add(command, {"--info-fd", std::to_string(sandbox.information)});
  }
  if (sandbox.syscall_filter >= 0) {
    add(command, {"--seccomp", std::to_string(sandbox.syscall_filter)});
  }
  // Last: the mount points above are made on the root before it becomes read-only.
  add(command, {"--remount-ro", "/", "--chdir", sandbox.directory, "--"});
  command.insert(command.end(), program.begin(), program.end());
  return command;
}

}  // namespace clary::process
