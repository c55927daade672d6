// Agents on this machine: one process each, a session of its own that outlives the server.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "engine/compute_backend.h"
#include "engine/job_volumes.h"

namespace clary::engine {

struct LocalBackendOptions {
  std::filesystem::path data_folder;  // runs are in data_folder/runs/<id>
  // The agent's program and first arguments; "--run FOLDER" is added: {"/usr/bin/clary", "agent"}.
  std::vector<std::string> agent_command;
  std::filesystem::path cgroup_root = "/sys/fs/cgroup";
  VolumePolicy volumes = VolumePolicy::kOff;  // they are in data_folder/volumes
  std::filesystem::path container_socket{};   // for agents; "": they look for one
  // Removes what an agent that was killed left in the container runtime; called only for runs that
  // had something there (their folder holds a file `container`). May throw.
  std::function<void(const std::string& spec_id)> remove_container{};
};

// The run's folder holds run.json (mode 0600: what to do, and the credentials), lock (held by the
// agent while it lives, with its process id in it), spool.jsonl and agent.log (both the agent's).
// owns: a watching thread, not the agents. threads: any. blocks: for a process start.
// errors: std::system_error when the agent cannot be started, StorageError for its folder.
class LocalBackend final : public ComputeBackend {
 public:
  explicit LocalBackend(LocalBackendOptions options);
  ~LocalBackend() override;

  // Makes ready, in the background, what runs share. Before the first start(), which waits for it.
  void open_volumes();

  std::string start(const JobSpec& spec, const AgentAccess& access) override;
  std::vector<std::string> start_gang(const std::vector<AgentStart>& gang) override;
  void adopt(const std::string& spec_id, std::string_view handle) override;
  RunState state(std::string_view handle) override;
  void stop(std::string_view handle) override;
  void kill(std::string_view handle) override;
  std::vector<json::object> unsent_reports(const std::string& spec_id,
                                           std::uint64_t after) override;
  void forget(const std::string& spec_id) override;
  void on_exit(std::function<void(const std::string& spec_id)> callback) override;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace clary::engine
