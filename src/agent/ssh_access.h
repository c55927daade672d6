// ssh between the instances of a job, for programs that span them with it: the MPI driver that the
// SageMaker Python SDK (v3) sends along starts /usr/sbin/sshd on every instance and has mpirun
// reach the others through ssh. Who may come in is who has the key, which is made of the job's
// secret, so that nobody hands it around. sshd listens at the instance's own address, at a port of
// the job's own, since port 22 is the machine's. docs/decisions/agent.md.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/job_spec.h"
#include "process/sandbox.h"

namespace clary::agent {

// Whether the job brings such drivers.
bool brings_drivers(const JobSpec& spec);

// Makes keys and settings in `folder`, anew, and says what the sandbox binds. Throws StorageError.
std::vector<process::Bind> prepare_ssh(const JobSpec& spec, const std::filesystem::path& folder);

// For PYTHONPATH: what the drivers are to find before the environment's own.
std::string driver_modules();

}  // namespace clary::agent
