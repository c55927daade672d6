// The engine's name for what it hands to agents. The type is in base/ because the agent, which must
// not include the engine, reads it too.
#pragma once

#include "base/job_spec.h"

namespace clary::engine {

using clary::host_of_instance;
using clary::InputSpec;
using clary::job_spec_from_json;
using clary::JobSpec;
using clary::Launch;
using clary::Limits;
using clary::MetricPattern;
using clary::OutputSpec;
using clary::Peer;
using clary::to_json;

}  // namespace clary::engine
