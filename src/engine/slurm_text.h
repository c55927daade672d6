// What Slurm's commands are given and what they print: pure functions.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/job_spec.h"

namespace clary::engine {

struct SlurmOptions {
  // On a file system that the server and all nodes share, at the same path; runs are in
  // folder/runs/<id>.
  std::filesystem::path folder;
  // The agent's program and first arguments, as they are called on the nodes.
  std::vector<std::string> agent_command;
  std::string partition{}, account{};    // "": Slurm's defaults
  std::vector<std::string> arguments{};  // further ones of sbatch
  // The most that is asked of one node; 0: what the partition's largest node has.
  double node_cpus = 0;
  std::uint64_t node_memory_bytes = 0;
};

struct SlurmJob {
  std::uint64_t id = 0;
  std::string state;   // "RUNNING"
  std::string reason;  // "Resources", "None"
  std::string nodes;   // "node[1-2]"
  std::string name;
};

// What squeue prints with --format=kSqueueFormat; lines of another form are left out.
inline constexpr std::string_view kSqueueFormat = "%i|%T|%r|%N|%j";
std::vector<SlurmJob> parse_squeue(std::string_view text);

// Whether the job will not run (again).
bool is_final_state(std::string_view state);
// Whether it waits for its nodes.
bool is_waiting_state(std::string_view state);

// What `sbatch --parsable` prints: "123" or "123;cluster".
std::optional<std::uint64_t> parse_job_id(std::string_view text);
// Whether a command failed because the controller does not answer, so that trying again later
// helps.
bool is_unreachable(std::string_view error_text);

// The largest CPUs and memory of what `sinfo --format=%c|%m` prints ("2|7000", "8+|64000+").
struct SlurmNode {
  double cpus = 0;
  std::uint64_t memory_bytes = 0;
};
SlurmNode parse_largest_node(std::string_view text);

// Ours among the cluster's jobs, by the id of the (first instance's) run.
std::string slurm_job_name(std::string_view run_id);

// sbatch's arguments (without its path) for a run of `spec.instance_count` instances, each as big
// as `spec.limits` or as `most`; `script` gets the folder and the agent's command.
std::vector<std::string> sbatch_arguments(const SlurmOptions& options, const JobSpec& spec,
                                          const SlurmNode& most,
                                          const std::filesystem::path& script,
                                          const std::filesystem::path& folder);

// The script that Slurm runs on the first node: the same for every job.
std::string_view slurm_script();

// FailureReason of a run whose job ended without a report.
std::string slurm_reason(const SlurmJob& job);

}  // namespace clary::engine
