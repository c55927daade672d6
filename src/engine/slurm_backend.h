// Agents on the nodes of a Slurm cluster: one job for each gang, one agent for each of its nodes.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "engine/compute_backend.h"
#include "engine/slurm_text.h"

namespace clary::engine {

struct SlurmTiming {
  std::chrono::milliseconds every{1000};  // from one question about all jobs to the next
  // A job that was just taken may be missing in squeue's answer for a moment.
  std::chrono::milliseconds unseen_for{10'000};
  std::chrono::milliseconds stop_again_after{5'000};
  // What its agents have left may stay in the cluster that long.
  std::chrono::milliseconds leave_after{30'000};
};

// Works through Slurm's commands (sbatch, squeue, scancel, sinfo), which must be in PATH. A handle
// is "slurm:<run id>"; which job that is, is looked up by the job's name, since Slurm's controller
// may forget a job it took a moment ago, and give its number to another one, when it is killed.
// owns: a thread that asks Slurm about all jobs at once. threads: any. blocks: for sbatch in start.
// errors: std::runtime_error with Slurm's words; StorageError for folders.
class SlurmBackend final : public ComputeBackend {
 public:
  explicit SlurmBackend(SlurmOptions options, SlurmTiming timing = {});
  ~SlurmBackend() override;

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
  std::string note(const std::string& spec_id) override;
  std::string end_reason(const std::string& spec_id) override;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace clary::engine
