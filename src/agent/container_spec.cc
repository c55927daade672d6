// What a job's container may do and see.
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <thread>

#include "agent/container_workload.h"
#include "agent/hosts.h"
#include "agent/network/private_network.h"

namespace clary::agent {
namespace {

constexpr std::uint64_t kMostProcesses = 8192;
constexpr std::uint64_t kOpenFiles = 65536;
// Below what a process without privileges may have on common systems, and far above need: Podman's
// own default asks for more than it may give where it lacks CAP_SYS_RESOURCE, and starts nothing.
constexpr std::uint64_t kUserProcesses = 32768;
constexpr std::uint64_t kSharedMemory = std::uint64_t{1} << 30;  // without a limit of memory
constexpr std::uint16_t kServingPort = 8080;

std::uint64_t at_most(int resource, std::uint64_t wanted) {
  rlimit limit = {};
  getrlimit(static_cast<__rlimit_resource>(resource), &limit);
  return std::min<std::uint64_t>(wanted, limit.rlim_max);
}

// Podman joins any network that it is given the path of; Docker only those of containers.
std::string private_network(const PrivateNetwork& network) {
  if (geteuid() != 0) {
    throw CannotLaunch(
        "EnableInterContainerTrafficEncryption and EnableNetworkIsolation are not available to "
        "instances of an image where the server does not run as root");
  }
  return "ns:/proc/" + std::to_string(getpid()) + "/fd/" +
         std::to_string(network.space().network.get());
}

// Instances that run together reach each other at addresses of the machine's loopback. Bridge and
// "none" are networks of the container's own, into which the agent reaches when it is
// root. Otherwise a job shares the machine's, and a model server's port is published.
std::string network_of(const WorkloadOptions& options) {
  const JobSpec& spec = options.run.spec;
  if (options.network != nullptr) return private_network(*options.network);
  if (spec.instance_count > 1) return "host";
  if (!spec.network && (geteuid() == 0 || spec.mode == JobSpec::Mode::kRunToEnd)) return "none";
  if (geteuid() == 0 || spec.mode == JobSpec::Mode::kServe) return "bridge";
  return "host";
}

}  // namespace

std::string container_name(const std::string& run_id) {
  return "clary-" + run_id;
}

containers::ContainerSpec container_spec(const WorkloadOptions& options) {
  const JobSpec& spec = options.run.spec;
  containers::ContainerSpec container;
  container.name = container_name(spec.id);
  container.image = spec.image;
  container.entrypoint = spec.entrypoint;
  container.command = spec.command;
  container.environment = environment_of(options);
  container.labels = {{kContainerLabel, spec.id},
                      {"ai.clary.data", options.run.data_folder.string()}};
  container.mounts.push_back(
      {.host = options.opt_ml.string(), .inside = "/opt/ml", .writable = true});
  container.host_name = host_of_instance(spec.instance_index);
  container.network = network_of(options);
  if (spec.instance_count > 1) {
    const std::filesystem::path hosts = write_hosts(
        options.run.folder, spec, options.network ? options.network->peers() : spec.peers);
    container.mounts.push_back({.host = hosts.string(), .inside = "/etc/hosts"});
  }
  if (options.network != nullptr) {
    for (const process::Bind& bind : options.network->binds()) {
      container.mounts.push_back({.host = bind.host.string(), .inside = bind.inside.string()});
    }
  }
  container.memory_bytes = spec.limits.memory_bytes;
  container.shared_memory_bytes =
      spec.limits.memory_bytes > 0 ? spec.limits.memory_bytes / 2 : kSharedMemory;
  // Docker refuses more than the machine has.
  container.cpus = std::min<double>(spec.limits.cpus, std::thread::hardware_concurrency());
  container.processes = kMostProcesses;
  container.open_files = at_most(RLIMIT_NOFILE, kOpenFiles);
  container.user_processes = at_most(RLIMIT_NPROC, kUserProcesses);
  container.file_bytes = spec.limits.volume_bytes;
  std::error_code error;
  container.gpus = spec.limits.gpus > 0 && std::filesystem::exists("/dev/nvidiactl", error);
  if (!options.serving_socket.empty() && geteuid() != 0) container.published_port = kServingPort;
  return container;
}

}  // namespace clary::agent
