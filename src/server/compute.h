// What the settings say of the machinery that runs jobs.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/settings.h"
#include "engine/job_spec.h"
#include "engine/job_volumes.h"
#include "engine/slurm_backend.h"

namespace clary::server {

// What jobs may use together: what is set, else what the machine has, with a tenth of its memory
// left to the server and the system.
engine::Limits job_capacity(const Settings& settings);
// What is started for a run: the program that is the agent alone, or this one.
std::vector<std::string> agent_command();
// Nothing when jobs run on this machine.
std::unique_ptr<engine::SlurmBackend> slurm_backend(const Settings& settings);
engine::VolumePolicy job_volumes(const Settings& settings);

}  // namespace clary::server
