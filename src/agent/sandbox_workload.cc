#include "agent/sandbox_workload.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>

#include <array>
#include <cmath>
#include <fstream>
#include <system_error>
#include <thread>

#include "agent/hosts.h"
#include "agent/network/private_network.h"
#include "agent/python_environment.h"
#include "agent/ssh_access.h"
#include "agent/workload_user.h"
#include "base/errors.h"
#include "process/shared_libraries.h"
#include "process/syscall_filter.h"

namespace clary::agent {
namespace {

namespace fs = std::filesystem;
using process::Bind;

constexpr std::uint64_t kMostProcesses = 8192;
constexpr const char* kPasswordFile = "/etc/passwd";

process::FileDescriptor open_file(const fs::path& path) {
  process::FileDescriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) throw StorageError("open " + path.string());
  return file;
}

void set_non_blocking(const process::FileDescriptor& file) {
  fcntl(file.get(), F_SETFL, fcntl(file.get(), F_GETFL) | O_NONBLOCK);
}

fs::path checked_native_program() {
  const fs::path program = native_program();
  if (access(program.c_str(), X_OK) != 0) {
    throw CannotLaunch("the program of the built-in algorithms is not at " + program.string() +
                       "; install clary-algo beside clary, or set CLARY_ALGO to its path and start "
                       "the server again");
  }
  return program;
}

// The program's folder, the libraries beside it (bin/../lib) and those that it names itself.
std::vector<Bind> program_binds(const fs::path& program) {
  std::vector<fs::path> folders{program.parent_path()};
  const fs::path libraries = program.parent_path().parent_path() / "lib";
  std::error_code error;
  if (fs::is_directory(libraries, error)) folders.push_back(libraries);
  for (fs::path& folder : process::library_folders(program)) folders.push_back(std::move(folder));
  std::vector<Bind> binds;
  for (const fs::path& folder : folders) {
    if (!folder.native().starts_with("/usr/")) binds.push_back({folder, folder});
  }
  return binds;
}

// What is started, and what it needs to see.
struct Program {
  std::vector<std::string> arguments;
  std::vector<Bind> binds;
};

Program program_of(const RunFile& run) {
  const JobSpec& spec = run.spec;
  if (spec.command.empty()) {
    throw CannotLaunch("the job has no command; name one with ContainerEntrypoint");
  }
  Program program{.arguments = spec.command, .binds = {}};
  if (spec.launch == Launch::kEnvironment) {
    program.binds = prepare_python(spec.python, run.folder / "python");
    program.arguments[0] = find_in_python(spec.python, run.folder / "python", spec.command[0]);
    if (brings_drivers(spec)) {
      for (Bind& bind : prepare_ssh(spec, run.folder / "ssh")) {
        program.binds.push_back(std::move(bind));
      }
    }
  } else {
    const fs::path native = checked_native_program();
    program.binds = program_binds(native);
    program.arguments[0] = native;
  }
  return program;
}

// Many, as frameworks want, but not without end; never more than this process may give.
std::uint64_t open_file_limit() {
  constexpr std::uint64_t kOpenFiles = 65536;
  rlimit limit = {};
  getrlimit(RLIMIT_NOFILE, &limit);
  return std::min<std::uint64_t>(kOpenFiles, limit.rlim_max);
}

}  // namespace

fs::path native_program() {
  if (const char* set = getenv("CLARY_ALGO"); set != nullptr && *set != '\0') return set;
  std::error_code error;
  return fs::read_symlink("/proc/self/exe", error).parent_path() / "clary-algo";
}

SandboxWorkload::SandboxWorkload(const WorkloadOptions& options)
    : user_(workload_user(options.run.spec.id)),
      syscall_filter_(process::make_syscall_filter()),
      output_(process::make_pipe()),
      error_(process::make_pipe()),
      start_(process::make_pipe()),
      information_(process::make_pipe()) {
  const JobSpec& spec = options.run.spec;
  const Program program = program_of(options.run);
  const auto bubblewrap = process::find_bubblewrap();
  if (!bubblewrap) throw CannotLaunch(process::kNoBubblewrap);
  cgroup_ = process::Cgroup::create(options.run.cgroup_root, "clary-" + spec.id,
                                    {.memory_bytes = spec.limits.memory_bytes,
                                     .cpus = spec.limits.cpus,
                                     .processes = kMostProcesses});
  const std::string host_name = host_of_instance(spec.instance_index);
  const fs::path hosts = write_hosts(options.run.folder, spec,
                                     options.network ? options.network->peers() : spec.peers);
  process::Sandbox sandbox;
  sandbox.opt_ml = options.opt_ml;
  sandbox.binds = program.binds;
  sandbox.binds.insert(sandbox.binds.end(), options.binds.begin(), options.binds.end());
  for (const MountSpec& mount : spec.mounts) {
    const fs::path home = options.opt_ml / "home";
    fs::create_directory(home);
    sandbox.binds.push_back({home, fs::path(mount.path).parent_path(), Bind::Access::kWrite});
    sandbox.binds.push_back({mount.host, mount.path, Bind::Access::kWrite});
  }
  sandbox.binds.push_back({hosts, "/etc/hosts"});
  sandbox.files = process::etc_files(spec.network);
  const process::FileDescriptor become = process::open_become();
  if (user_) {
    sandbox.user = user_;
    sandbox.become = become.get();
    owned_.push_back(options.opt_ml);
    for (const MountSpec& mount : spec.mounts) owned_.emplace_back(mount.host);
    for (const auto* binds : {&program.binds, &options.binds}) {
      for (const Bind& bind : *binds) {
        if (bind.access == Bind::Access::kWrite) owned_.push_back(bind.host);
      }
    }
  }
  // ssh serves only users that it finds there.
  if (user_ || brings_drivers(spec)) {
    const uid_t named = user_.value_or(process::kUserInUserSpace);
    std::erase_if(sandbox.files, [](const auto& copy) { return copy.inside == kPasswordFile; });
    sandbox.files.push_back(
        {open_file(write_password_file(options.run.folder, named)), kPasswordFile});
  }
  sandbox.network = spec.network;
  if (options.network) {
    sandbox.in_network = true;
    for (const Bind& bind : options.network->binds()) sandbox.binds.push_back(bind);
  }
  sandbox.host_name = host_name;
  sandbox.start_signal = start_.reader.get();
  sandbox.information = information_.writer.get();
  sandbox.syscall_filter = syscall_filter_.get();
  process::Command command;
  command.arguments = process::sandbox_command(*bubblewrap, sandbox, program.arguments);
  command.environment = environment_of(options);
  command.standard_output = output_.writer.get();
  command.standard_error = error_.writer.get();
  command.inherited = process::inherited_by(sandbox);
  command.open_files = open_file_limit();
  if (options.network) {
    command.user_space = options.network->space().user.get();
    command.network = options.network->space().network.get();
  }
  // Signals for the agent's process group (as Slurm sends them) are not for the sandbox.
  command.new_session = true;
  command.core_dumps = false;  // they would hold data and credentials
  if (spec.limits.volume_bytes > 0) command.file_bytes = spec.limits.volume_bytes;
  if (cgroup_) command.cgroups = cgroup_->entry_files();
  try {
    child_ = process::spawn(command);
  } catch (const std::system_error& error) {
    throw CannotLaunch(std::string("the sandbox cannot be started: ") + error.what() +
                       "; check that bubblewrap works on this machine (bwrap --ro-bind / / true)");
  }
  output_.writer.reset();
  error_.writer.reset();
  start_.reader.reset();
  information_.writer.reset();
  syscall_filter_.reset();
  for (const process::Pipe* pipe : {&output_, &error_, &information_}) {
    set_non_blocking(pipe->reader);
  }
}

SandboxWorkload::~SandboxWorkload() {
  kill();
  child_.wait(std::chrono::seconds(10));
  if (cgroup_) cgroup_->remove();
}

void SandboxWorkload::go() {
  for (const fs::path& folder : owned_) give_to(folder, *user_);
  [[maybe_unused]] const ssize_t written = write(start_.writer.get(), "1", 1);
}

ResourceSource SandboxWorkload::resources() const {
  ResourceSource source;
  if (cgroup_) source.cgroups = cgroup_->folders();
  source.process = child_.pid();
  return source;
}

const std::string& SandboxWorkload::information() const {
  std::array<char, 1024> text;
  const ssize_t size = read(information_.reader.get(), text.data(), text.size());
  if (size > 0) told_.append(text.data(), static_cast<std::size_t>(size));
  return told_;
}

void SandboxWorkload::terminate() {
  // Bubblewrap itself must not get it: it would end and take the program along at once.
  if (const auto pid = process::workload_pid(information())) {
    ::kill(*pid, SIGTERM);
  } else {
    kill();
  }
}

std::optional<Workload::Inside> SandboxWorkload::inside() const {
  const auto first = process::first_process(information());
  if (!first || !process::workload_pid(information())) return std::nullopt;
  Inside inside;
  inside.filter = process::make_syscall_filter();
  inside.entry = {.first = *first, .user = user_, .syscall_filter = inside.filter.get()};
  if (cgroup_) inside.cgroups = cgroup_->entry_files();
  return inside;
}

void SandboxWorkload::kill() {
  // While bubblewrap sets up, its inner process does not yet die with the outer one.
  child_.signal_session(SIGKILL);
}

}  // namespace clary::agent
