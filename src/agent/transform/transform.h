// A run that transforms: stages the model, brings its server up, sends the objects through it.
#pragma once

#include "agent/reporter.h"
#include "agent/run_file.h"
#include "agent/signals.h"
#include "base/clock.h"
#include "base/json.h"

namespace clary::agent {

// blocks until every object is through, a stop is asked for, or the server could not be brought up;
// returns the last report.
json::object transform(const RunFile& run, Reporter& reporter, StopRequest& stop,
                       const Clock& clock);

}  // namespace clary::agent
