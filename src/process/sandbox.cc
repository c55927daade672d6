#include "process/sandbox.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <fstream>

#include "base/json.h"

namespace clary::process {
namespace {

void add(std::vector<std::string>& command, std::initializer_list<std::string> words) {
  command.insert(command.end(), words);
}

// The folders that `inside` is to be mounted in. Bubblewrap would make them for their owner only,
// which the workload's user is not.
void add_parents(std::vector<std::string>& command, const std::filesystem::path& inside) {
  std::filesystem::path folder = "/";
  for (const std::filesystem::path& name : inside.parent_path().relative_path()) {
    folder /= name;
    if (folder == "/usr") return;    // the machine's, with all that is in it
    if (folder == "/tmp") continue;  // there already, everybody's
    add(command, {"--perms", "0755", "--dir", folder});
  }
}

// The machine's programs and libraries, read only, and of /etc only what programs need to start.
void add_root(std::vector<std::string>& command, const Sandbox& sandbox) {
  add(command, {"--ro-bind", "/usr", "/usr"});
  for (const char* folder : {"lib", "lib64", "bin", "sbin"}) {
    add(command, {"--symlink", std::string("usr/") + folder, std::string("/") + folder});
  }
  add_parents(command, "/etc/passwd");
  for (const FileCopy& copy : sandbox.files) {
    add(command, {"--perms", "0444", "--file", std::to_string(copy.file.get()), copy.inside});
  }
  // Debian's Java has its settings there, behind links.
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator("/etc", error)) {
    const std::string& path = entry.path().native();
    if (path.starts_with("/etc/java-")) add(command, {"--ro-bind-try", path, path});
  }
  std::vector<const char*> mounted{"/etc/alternatives"};
  // The last one may change while the workload runs.
  if (sandbox.network) {
    mounted.insert(mounted.end(), {"/etc/ssl", "/etc/ca-certificates", "/etc/resolv.conf"});
  }
  for (const char* path : mounted) add(command, {"--ro-bind-try", path, path});
}

// Without --cap-drop ALL, bubblewrap started by root leaves nearly all capabilities.
void add_identity(std::vector<std::string>& command, const Sandbox& sandbox) {
  add(command, {"--cap-drop", "ALL"});
  if (!sandbox.user) {
    const std::string number = std::to_string(kUserInUserSpace);
    add(command, {"--unshare-user", "--uid", number, "--gid", number});
    return;
  }
  // For become_user(), which gives them up.
  for (const char* capability : {"CAP_SETUID", "CAP_SETGID", "CAP_SETPCAP"}) {
    add(command, {"--cap-add", capability});
  }
}

// The first thing that runs inside: our own program by its open file, or setpriv of util-linux,
// which every distribution has.
void become_user(std::vector<std::string>& command, const Sandbox& sandbox) {
  const std::string number = std::to_string(*sandbox.user);
  if (sandbox.become >= 0) {
    add(command, {"/proc/self/fd/" + std::to_string(sandbox.become), number});
    return;
  }
  add(command,
      {"/usr/bin/setpriv", "--reuid", number, "--regid", number, "--clear-groups",
       "--inh-caps=-all", "--ambient-caps=-all", "--bounding-set=-all", "--no-new-privs", "--"});
}

}  // namespace

std::optional<std::filesystem::path> find_bubblewrap() {
  for (const char* path : {"/usr/bin/bwrap", "/usr/local/bin/bwrap", "/bin/bwrap"}) {
    if (access(path, X_OK) == 0) return path;
  }
  return std::nullopt;
}

std::optional<pid_t> first_process(std::string_view information) {
  boost::system::error_code error;
  const json::value value = json::parse(information, error);
  if (error || !value.is_object()) return std::nullopt;
  const auto first = find_int(value.get_object(), "child-pid");
  return first ? std::optional(static_cast<pid_t>(*first)) : std::nullopt;
}

std::optional<pid_t> workload_pid(std::string_view information) {
  const std::optional<pid_t> first = first_process(information);
  if (!first) return std::nullopt;
  const std::string number = std::to_string(*first);
  std::ifstream children("/proc/" + number + "/task/" + number + "/children");
  pid_t pid = 0;
  if (children >> pid) return pid;
  return std::nullopt;
}

std::vector<FileCopy> etc_files(bool network) {
  std::vector<const char*> paths{"/etc/ld.so.cache",   "/etc/passwd",    "/etc/group",
                                 "/etc/nsswitch.conf", "/etc/localtime", "/etc/mime.types"};
  if (network) paths.insert(paths.end(), {"/etc/services", "/etc/protocols", "/etc/gai.conf"});
  std::vector<FileCopy> files;
  for (const char* path : paths) {
    FileDescriptor file(open(path, O_RDONLY | O_CLOEXEC));
    if (file) files.push_back({std::move(file), path});
  }
  return files;
}

FileDescriptor open_become() {
  std::error_code error;
  const auto own = std::filesystem::read_symlink("/proc/self/exe", error);
  return FileDescriptor(open((own.parent_path() / "clary-become").c_str(), O_RDONLY | O_CLOEXEC));
}

std::vector<int> inherited_by(const Sandbox& sandbox) {
  std::vector<int> all;
  for (const int file :
       {sandbox.start_signal, sandbox.information, sandbox.syscall_filter, sandbox.become}) {
    if (file >= 0) all.push_back(file);
  }
  for (const FileCopy& copy : sandbox.files) all.push_back(copy.file.get());
  return all;
}

std::vector<std::string> sandbox_command(const std::filesystem::path& bubblewrap,
                                         const Sandbox& sandbox,
                                         const std::vector<std::string>& program) {
  std::vector<std::string> command{bubblewrap};
  add_root(command, sandbox);
  add(command, {"--perms", "1777", "--tmpfs", "/tmp", "--dev", "/dev", "--perms", "1777", "--tmpfs",
                "/dev/shm", "--proc", "/proc"});
  add_parents(command, "/opt/ml");
  add(command, {"--bind", sandbox.opt_ml, "/opt/ml"});
  for (const Bind& bind : sandbox.binds) {
    if (!bind.inside.native().starts_with("/opt/ml/")) add_parents(command, bind.inside);
    add(command,
        {bind.access == Bind::Access::kWrite ? "--bind" : "--ro-bind", bind.host, bind.inside});
  }
  add(command, {"--unshare-ipc", "--unshare-pid", "--unshare-uts", "--unshare-cgroup-try"});
  if (!sandbox.network && !sandbox.in_network) add(command, {"--unshare-net"});
  add_identity(command, sandbox);
  add(command, {"--hostname", sandbox.host_name, "--die-with-parent", "--new-session"});
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
  if (sandbox.user) become_user(command, sandbox);
  command.insert(command.end(), program.begin(), program.end());
  return command;
}

}  // namespace clary::process
