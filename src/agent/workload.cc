#include "agent/workload.h"

#include <cmath>
#include <thread>

#include "agent/container_workload.h"
#include "agent/python_environment.h"
#include "agent/sandbox_workload.h"
#include "agent/ssh_access.h"
#include "agent/workload_user.h"

namespace clary::agent {

namespace {

std::map<std::string, std::string> machine_environment(const JobSpec& spec) {
  std::map<std::string, std::string> all{{"PATH", "/usr/local/bin:/usr/bin:/bin"},
                                         {"HOME", "/tmp"},
                                         {"USER", std::string(kWorkloadUserName)},
                                         {"LANG", "C.UTF-8"},
                                         // Spinning threads would take the other jobs' time.
                                         {"OMP_WAIT_POLICY", "passive"}};
  if (spec.limits.memory_bytes > 0) {
    all["CLARY_MEMORY_BYTES"] = std::to_string(spec.limits.memory_bytes);
  }
  const unsigned processors = std::thread::hardware_concurrency();
  if (spec.limits.cpus > 0 && spec.limits.cpus < processors) {
    all["OMP_NUM_THREADS"] = std::to_string(static_cast<int>(std::ceil(spec.limits.cpus)));
  }
  return all;
}

}  // namespace

std::vector<std::string> environment_of(const WorkloadOptions& options) {
  const JobSpec& spec = options.run.spec;
  std::map<std::string, std::string> all;
  if (spec.launch != Launch::kImage) all = machine_environment(spec);
  if (spec.network) {
    const wire::SigningCredentials& keys = options.run.credentials;
    all["AWS_ENDPOINT_URL"] = options.run.server_url;
    all["AWS_ACCESS_KEY_ID"] = keys.access_key_id;
    all["AWS_SECRET_ACCESS_KEY"] = keys.secret_access_key;
    all["AWS_SESSION_TOKEN"] = keys.session_token;
    all["AWS_REGION"] = all["AWS_DEFAULT_REGION"] = spec.region;
  }
  if (spec.launch == Launch::kEnvironment) {
    for (const auto& [name, value] : python_variables(spec.python)) all[name] = value;
    if (brings_drivers(spec)) all["PYTHONPATH"] = driver_modules() + ":" + all["PYTHONPATH"];
  }
  for (const auto& [name, value] : spec.environment) all[name] = value;
  for (const auto& [name, value] : options.environment) all[name] = value;
  std::vector<std::string> result;
  for (const auto& [name, value] : all) result.push_back(name + "=" + value);
  return result;
}

std::unique_ptr<Workload> make_workload(const WorkloadOptions& options) {
  const JobSpec& spec = options.run.spec;
  if (spec.launch == Launch::kImage) return std::make_unique<ContainerWorkload>(options);
  return std::make_unique<SandboxWorkload>(options);
}

}  // namespace clary::agent
