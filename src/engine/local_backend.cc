#include "engine/local_backend.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <map>
#include <mutex>
#include <stdexcept>
#include <system_error>
#include <thread>

#include "base/errors.h"
#include "base/log.h"
#include "base/text.h"
#include "engine/run_folder.h"
#include "process/cgroup.h"
#include "process/exit_watch.h"
#include "process/process_id.h"
#include "process/spawn.h"
#include "process/spread_folders.h"

namespace clary::engine {
namespace {

namespace fs = std::filesystem;
using process::FileDescriptor;
using process::ProcessId;

// The instances of a gang have loopback addresses of their own, so that what they bind to their own
// name does not collide: 127.A.B.N, with A and B from the gang's id.
std::vector<Peer> loopback_peers(std::string_view gang, int count) {
  std::uint32_t hash = 2166136261U;  // FNV-1a
  for (const char character : gang) {
    hash = (hash ^ static_cast<unsigned char>(character)) * 16777619U;
  }
  // 127.0 is where servers of the machine listen.
  const std::uint32_t a = 1 + (hash >> 16) % 254, b = hash & 0xff;
  std::vector<Peer> peers;
  for (int i = 0; i < count; ++i) {
    peers.push_back({host_of_instance(i), "127." + std::to_string(a) + "." + std::to_string(b) +
                                              "." + std::to_string(i + 1)});
  }
  return peers;
}

// What an undone submission of the same run left behind: its agent was told that nobody waits for
// it, and its spool says that it stopped. None of that is this run's.
void leave_only(const fs::path& run, std::string_view name) {
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(run, error)) {
    if (entry.path().filename() == name) continue;
    fs::remove_all(entry.path(), error);
    if (error) throw StorageError("remove " + entry.path().string() + ": " + error.message());
  }
}

}  // namespace

struct LocalBackend::Impl {
  explicit Impl(LocalBackendOptions options_in) : options(std::move(options_in)) {}

  const LocalBackendOptions options;
  std::once_flag spread;  // of the folder of all runs: they come and go
  JobVolumes volumes{options.data_folder / "volumes", options.volumes};
  std::mutex mutex;
  std::function<void(const std::string&)> exited;  // guarded by mutex
  std::map<std::string, ProcessId> agents;         // guarded by mutex; the one that each run has
  process::ExitWatch watch;                        // last: its thread calls into the members above

  fs::path folder(const std::string& id) const { return options.data_folder / "runs" / id; }

  // The agent removes the file when it has removed the container.
  void remove_container(const std::string& id) {
    std::error_code error;
    const fs::path mark = folder(id) / "container";
    if (!options.remove_container || !fs::exists(mark, error)) return;
    try {
      options.remove_container(id);
      fs::remove(mark, error);
    } catch (const std::exception& failure) {
      spdlog::warn("run {}: its container could not be removed: {}", id, failure.what());
    }
  }

  // The end of an agent that start() has replaced says nothing of the run, and what is in the run's
  // name is its successor's.
  void ended(const std::string& id, const ProcessId& agent) {
    std::function<void(const std::string&)> callback;
    {
      const std::lock_guard lock(mutex);
      const auto found = agents.find(id);
      if (found == agents.end() || found->second != agent) return;
      agents.erase(found);
      callback = exited;
    }
    remove_container(id);
    process::Cgroup::existing(options.cgroup_root, "clary-" + id).remove();
    if (callback) callback(id);
  }

  void unfollow(const std::string& id) {
    const std::lock_guard lock(mutex);
    agents.erase(id);
  }

  void follow(const std::string& id, const ProcessId& agent) {
    {
      const std::lock_guard lock(mutex);
      agents.insert_or_assign(id, agent);
    }
    watch.watch(agent, [this, id, agent] { ended(id, agent); });
  }

  // The agent that holds the lock of `run`, once it has written its id; nullopt when it let go, and
  // the lock has been taken here instead.
  std::optional<ProcessId> holder(const fs::path& run, const FileDescriptor& lock) const {
    constexpr int kAttempts = 6000;
    for (int attempt = 0; attempt < kAttempts; ++attempt) {
      if (const auto id = process::parse_process_id(trim(read_small_file(run / "lock")))) return id;
      if (flock(lock.get(), LOCK_EX | LOCK_NB) == 0) return std::nullopt;
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    throw std::runtime_error("a process that does not say which it is holds the lock of " +
                             run.string());
  }

  ProcessId spawn_agent(const fs::path& run, const FileDescriptor& lock);
};

ProcessId LocalBackend::Impl::spawn_agent(const fs::path& run, const FileDescriptor& lock) {
  const fs::path log_path = run / "agent.log";
  const FileDescriptor log(
      open(log_path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, S_IRUSR | S_IWUSR));
  if (!log) fail_on_file("create", log_path);
  process::Command command;
  command.arguments = options.agent_command;
  command.arguments.insert(command.arguments.end(), {"--run", run.string()});
  command.environment = agent_environment();
  command.directory = run;
  command.standard_output = log.get();
  command.standard_error = log.get();
  command.inherited = {lock.get()};
  command.new_session = true;
  command.block_termination = true;
  const process::Child child = process::spawn(command);
  // A child that ended already has no start time any more; the watch reaps it all the same.
  const ProcessId id = process::process_id(child.pid()).value_or(ProcessId{child.pid(), 0});
  const std::string text = process::to_text(id) + "\n";
  if (pwrite(lock.get(), text.data(), text.size(), 0) < 0) fail_on_file("write", run / "lock");
  return id;
}

LocalBackend::LocalBackend(LocalBackendOptions options)
    : impl_(std::make_unique<Impl>(std::move(options))) {}

LocalBackend::~LocalBackend() = default;

void LocalBackend::open_volumes() {
  impl_->volumes.open(
      [impl = impl_.get()](const std::string& run) { return fs::exists(impl->folder(run)); });
}

std::string LocalBackend::start(const JobSpec& spec, const AgentAccess& access) {
  const fs::path run = impl_->folder(spec.id);
  std::call_once(impl_->spread, [&] { process::make_spreading_folder(run.parent_path()); });
  std::error_code error;
  fs::create_directories(run, error);
  if (error) throw StorageError("create " + run.string() + ": " + error.message());
  fs::permissions(run, fs::perms::owner_all, error);
  const fs::path lock_path = run / "lock";
  const FileDescriptor lock(open(lock_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!lock) fail_on_file("create", lock_path);
  // The lock belongs to the open file, which the agent inherits: whoever holds it is the run's
  // agent, or a server about to start it.
  if (flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
    const auto agent = impl_->holder(run, lock);
    if (agent && has_token(run, access)) {
      impl_->follow(spec.id, *agent);
      return process::to_text(*agent);
    }
    // Of a submission that a crash undid: its reports would not be believed.
    impl_->unfollow(spec.id);
    if (agent) process::send_signal(*agent, SIGKILL);
    if (agent && flock(lock.get(), LOCK_EX) != 0) fail_on_file("lock", lock_path);
  }
  if (!has_token(run, access)) {
    impl_->remove_container(spec.id);
    leave_only(run, "lock");
    impl_->volumes.release(spec.id);
  }
  if (ftruncate(lock.get(), 0) != 0) fail_on_file("write", lock_path);
  write_run_file(run, spec, access,
                 {.data_folder = impl_->options.data_folder,
                  .cgroup_root = impl_->options.cgroup_root,
                  .encrypted_volume = impl_->volumes.claim(spec),
                  .container_socket = impl_->options.container_socket});
  const ProcessId agent = impl_->spawn_agent(run, lock);
  impl_->follow(spec.id, agent);
  return process::to_text(agent);
}

std::vector<std::string> LocalBackend::start_gang(const std::vector<AgentStart>& gang) {
  std::vector<std::string> handles;
  try {
    for (const AgentStart& one : gang) {
      JobSpec spec = one.spec;
      spec.peers = loopback_peers(spec.gang, spec.instance_count);
      handles.push_back(start(spec, one.access));
    }
  } catch (...) {
    for (const std::string& handle : handles) kill(handle);
    throw;
  }
  return handles;
}

void LocalBackend::adopt(const std::string& spec_id, std::string_view handle) {
  if (const auto id = process::parse_process_id(handle)) impl_->follow(spec_id, *id);
}

RunState LocalBackend::state(std::string_view handle) {
  const auto id = process::parse_process_id(handle);
  if (!id) return RunState::kUnknown;
  return process::alive(*id) ? RunState::kAlive : RunState::kGone;
}

void LocalBackend::stop(std::string_view handle) {
  if (const auto id = process::parse_process_id(handle)) process::send_signal(*id, SIGTERM);
}

void LocalBackend::kill(std::string_view handle) {
  if (const auto id = process::parse_process_id(handle)) process::send_signal(*id, SIGKILL);
}

std::vector<json::object> LocalBackend::unsent_reports(const std::string& spec_id,
                                                       std::uint64_t after) {
  return read_spool(impl_->folder(spec_id), after);
}

void LocalBackend::forget(const std::string& spec_id) {
  std::error_code error;
  impl_->remove_container(spec_id);
  impl_->volumes.release(spec_id);
  fs::remove_all(impl_->folder(spec_id), error);
  if (error) spdlog::warn("run {}: its folder could not be removed: {}", spec_id, error.message());
}

void LocalBackend::on_exit(std::function<void(const std::string& spec_id)> callback) {
  const std::lock_guard lock(impl_->mutex);
  impl_->exited = std::move(callback);
}

}  // namespace clary::engine
