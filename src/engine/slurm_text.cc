#include "engine/slurm_text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "base/text.h"

namespace clary::engine {
namespace {

// The text up to `separator`, which goes from `rest` with it.
std::string_view cut(std::string_view& rest, char separator) {
  const std::size_t end = std::min(rest.find(separator), rest.size());
  const std::string_view part = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return part;
}

template <class Number>
std::optional<Number> number_at_start(std::string_view text) {
  Number value{};
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
  return parsed.ec == std::errc() ? std::optional(value) : std::nullopt;
}

}  // namespace

std::vector<SlurmJob> parse_squeue(std::string_view text) {
  std::vector<SlurmJob> jobs;
  while (!text.empty()) {
    std::string_view line = cut(text, '\n');
    if (std::ranges::count(line, '|') < 4) continue;
    const auto id = number_at_start<std::uint64_t>(cut(line, '|'));
    SlurmJob job;
    job.state = cut(line, '|');
    job.reason = cut(line, '|');
    job.nodes = cut(line, '|');
    job.name = line;
    if (!id) continue;
    job.id = *id;
    jobs.push_back(std::move(job));
  }
  return jobs;
}

bool is_final_state(std::string_view state) {
  constexpr std::array<std::string_view, 11> kFinal{
      "COMPLETED", "FAILED",    "CANCELLED", "TIMEOUT", "NODE_FAIL",    "OUT_OF_MEMORY",
      "PREEMPTED", "BOOT_FAIL", "DEADLINE",  "REVOKED", "LAUNCH_FAILED"};
  return std::ranges::find(kFinal, state) != kFinal.end();
}

bool is_waiting_state(std::string_view state) {
  constexpr std::array<std::string_view, 5> kWaiting{"PENDING", "CONFIGURING", "REQUEUED",
                                                     "REQUEUE_HOLD", "RESV_DEL_HOLD"};
  return std::ranges::find(kWaiting, state) != kWaiting.end();
}

std::optional<std::uint64_t> parse_job_id(std::string_view text) {
  return number_at_start<std::uint64_t>(trim(text));
}

bool is_unreachable(std::string_view error_text) {
  constexpr std::array<std::string_view, 5> kSigns{
      "Unable to contact slurm controller", "Connection refused", "Socket timed out",
      "Zero Bytes were transmitted", "Transport endpoint is not connected"};
  return std::ranges::any_of(kSigns, [&](std::string_view sign) {
    return error_text.find(sign) != std::string_view::npos;
  });
}

SlurmNode parse_largest_node(std::string_view text) {
  constexpr std::uint64_t kMebibyte = 1 << 20;
  SlurmNode largest;
  while (!text.empty()) {
    std::string_view line = cut(text, '\n');
    const auto cpus = number_at_start<unsigned>(trim(cut(line, '|')));
    const auto mebibytes = number_at_start<std::uint64_t>(trim(line));
    largest.cpus = std::max(largest.cpus, static_cast<double>(cpus.value_or(0)));
    largest.memory_bytes = std::max(largest.memory_bytes, mebibytes.value_or(0) * kMebibyte);
  }
  return largest;
}

std::string slurm_job_name(std::string_view run_id) {
  return "clary-" + std::string(run_id);
}

std::vector<std::string> sbatch_arguments(const SlurmOptions& options, const JobSpec& spec,
                                          const SlurmNode& most,
                                          const std::filesystem::path& script,
                                          const std::filesystem::path& folder) {
  const std::string count = std::to_string(spec.instance_count);
  double cpus = spec.limits.cpus > 0 ? spec.limits.cpus : 1.0;
  if (most.cpus > 0) cpus = std::min(cpus, most.cpus);
  std::uint64_t memory = spec.limits.memory_bytes;
  if (most.memory_bytes > 0) memory = std::min(memory, most.memory_bytes);
  std::vector<std::string> arguments{
      "--parsable", "--job-name=" + slurm_job_name(spec.id), "--comment=" + slurm_job_name(spec.id),
      "--nodes=" + count, "--ntasks=" + count, "--ntasks-per-node=1",
      "--cpus-per-task=" + std::to_string(static_cast<unsigned>(std::ceil(cpus))),
      // Its files would be those of a run that its agent has left; the job's owner starts it again.
      "--no-requeue", "--open-mode=append", "--output=" + (folder / "slurm.log").string(),
      "--chdir=" + folder.string()};
  if (memory > 0) {
    arguments.push_back("--mem=" + std::to_string(std::max<std::uint64_t>(1, memory >> 20)) + "M");
  }
  if (spec.limits.gpus > 0)
    arguments.push_back("--gpus-per-node=" + std::to_string(spec.limits.gpus));
  if (!options.partition.empty()) arguments.push_back("--partition=" + options.partition);
  if (!options.account.empty()) arguments.push_back("--account=" + options.account);
  arguments.insert(arguments.end(), options.arguments.begin(), options.arguments.end());
  arguments.push_back(script.string());
  arguments.push_back(folder.string());
  arguments.insert(arguments.end(), options.agent_command.begin(), options.agent_command.end());
  return arguments;
}

std::string_view slurm_script() {
  // One instance needs no second step of Slurm's. With several, one that is killed ends the rest.
  return "#!/bin/sh\n"
         "folder=$1; shift\n"
         "[ \"$SLURM_NTASKS\" = 1 ] && exec \"$@\" --run \"$folder\" --cluster\n"
         "exec srun --kill-on-bad-exit=1 \"$@\" --run \"$folder\" --cluster\n";
}

std::string slurm_reason(const SlurmJob& job) {
  const std::string what =
      "Slurm job " + std::to_string(job.id) + " of this job ended as " + job.state +
      (job.reason.empty() || job.reason == "None" ? "" : " (" + job.reason + ")") +
      (job.nodes.empty() ? "" : " on " + job.nodes);
  if (job.state == "OUT_OF_MEMORY") {
    return "AlgorithmError: out of memory: " + what +
           ". Please choose an instance type with more memory.";
  }
  if (job.state == "TIMEOUT" || job.state == "DEADLINE") {
    return "InternalServerError: " + what +
           ": the partition's time limit is shorter than the job's. Please ask the cluster's "
           "administrator, or use another partition.";
  }
  return "InternalServerError: " + what +
         " before its agent had reported an outcome. Please start the job again.";
}

}  // namespace clary::engine
