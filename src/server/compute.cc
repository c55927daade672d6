#include "server/compute.h"

#include <unistd.h>

#include <array>
#include <filesystem>
#include <sstream>
#include <thread>

namespace clary::server {

engine::Limits job_capacity(const Settings& settings) {
  engine::Limits limits;
  if (settings.compute == Settings::Compute::kSlurm) {
    // What is not set is not counted: Slurm has a queue of its own.
    limits.cpus = settings.job_cpus;
    limits.memory_bytes = settings.job_memory_bytes;
    limits.gpus = settings.job_gpus;
    return limits;
  }
  limits.cpus = settings.job_cpus > 0 ? settings.job_cpus : std::thread::hardware_concurrency();
  const auto machine = static_cast<std::uint64_t>(sysconf(_SC_PHYS_PAGES)) *
                       static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
  limits.memory_bytes =
      settings.job_memory_bytes > 0 ? settings.job_memory_bytes : machine / 10 * 9;
  limits.gpus = settings.job_gpus;
  return limits;
}

std::vector<std::string> agent_command() {
  const std::filesystem::path own = std::filesystem::read_symlink("/proc/self/exe");
  const std::filesystem::path agent = own.parent_path() / "clary-agent";
  return {access(agent.c_str(), X_OK) == 0 ? agent.string() : own.string(), "agent"};
}

std::unique_ptr<engine::SlurmBackend> slurm_backend(const Settings& settings) {
  if (settings.compute != Settings::Compute::kSlurm) return nullptr;
  engine::SlurmOptions options;
  options.folder = std::filesystem::absolute(
      settings.slurm_folder.empty() ? settings.data_dir / "slurm" : settings.slurm_folder);
  options.agent_command = agent_command();
  options.partition = settings.slurm_partition;
  options.account = settings.slurm_account;
  std::istringstream words(settings.slurm_arguments);
  for (std::string word; words >> word;) options.arguments.push_back(word);
  return std::make_unique<engine::SlurmBackend>(std::move(options));
}

engine::VolumePolicy job_volumes(const Settings& settings) {
  using engine::VolumePolicy;
  constexpr std::array kChoices{VolumePolicy::kAuto, VolumePolicy::kOn, VolumePolicy::kOff};
  return kChoices.at(settings.encrypt_job_volumes);
}

}  // namespace clary::server
