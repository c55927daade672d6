// What a workload uses of its instance: CPU, memory, disk, network and GPUs, as SageMaker's
// instance metrics. Source of names and meanings: the developer guide, "Amazon SageMaker AI metrics
// in Amazon CloudWatch", instance metrics of jobs and endpoints.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/json.h"

namespace clary::agent {

// Where a workload's use can be read. What is missing is read another way or left out.
struct ResourceSource {
  std::vector<std::filesystem::path> cgroups{};  // its folders: one, or one per controller
  pid_t process = 0;                             // the first of its processes; 0: not known
};

struct ResourceLimits {
  std::uint64_t memory_bytes = 0;  // 0: the machine's
  std::uint64_t volume_bytes = 0;  // 0: no percentage of the disk
  std::filesystem::path folder{};  // whose files count as disk use
  std::chrono::seconds every{10};  // between samples; the first after ten seconds
};

// owns: a thread for what is slow to find out (the size of all files, nvidia-smi), from the first
// sample on: a short run never has it. threads: one at a time.
class ResourceSampler {
 public:
  ResourceSampler(ResourceSource source, ResourceLimits limits, const Clock& clock);
  ~ResourceSampler();
  ResourceSampler(const ResourceSampler&) = delete;
  ResourceSampler& operator=(const ResourceSampler&) = delete;

  std::chrono::steady_clock::time_point next() const { return next_; }
  // The metrics of a report ({"name", "value", "time", "unit", "resource": true}), since the sample
  // before; plans the next.
  json::array sample();
  // When the workload has ended, for a run that was shorter than the first sample: its average CPU
  // use and its highest memory use. Empty for others.
  json::array only_sample();

 private:
  struct Slow;
  void put(json::array& metrics, const char* name, double value, const char* unit) const;
  void put_cpu(json::array& metrics);
  void put_network(json::array& metrics);

  const ResourceSource source_;
  const ResourceLimits limits_;
  const Clock& clock_;
  std::chrono::steady_clock::time_point next_, last_;
  std::optional<double> cpu_seconds_;  // at the last sample
  std::optional<std::pair<std::uint64_t, std::uint64_t>> network_;
  bool sampled_ = false;
  std::unique_ptr<Slow> slow_;
};

// The pieces, for tests. Nullopt: cannot be told.
std::optional<double> cpu_seconds_of(const ResourceSource& source);
std::optional<std::uint64_t> memory_bytes_of(const ResourceSource& source);
std::optional<std::uint64_t> highest_memory_bytes_of(const ResourceSource& source);
// Bytes on disk of all files below the folder; links are not followed. Nullopt past `most` entries.
std::optional<std::uint64_t> disk_bytes_below(const std::filesystem::path& folder,
                                              std::size_t most);
struct GpuUse {
  double utilization = 0, memory = 0;  // percent; sums over the GPUs, as CPUUtilization over cores
};
// What `nvidia-smi --query-gpu=utilization.gpu,memory.used,memory.total
// --format=csv,noheader,nounits` printed.
std::optional<GpuUse> gpu_use_from(const std::string& text);

}  // namespace clary::agent
