// An image that was pushed to Clary, on its way to the container runtime of the machine that a job
// runs on.
#pragma once

#include <string>

#include "agent/run_file.h"
#include "base/clock.h"
#include "containers/runtime.h"

namespace clary::agent {

// Makes the runtime have the image of `run` when it is one of the server's own registry
// (HOST:PORT/repository@digest), with the permissions of the job's role. blocks: for as long as the
// image takes. Throws CannotLaunch, containers::RuntimeError.
void pull_image(const RunFile& run, containers::Runtime& runtime, const Clock& clock);

}  // namespace clary::agent
