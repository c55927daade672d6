// A run that serves: stages the model, keeps its server up, tells where it listens.
#pragma once

#include "agent/reporter.h"
#include "agent/run_file.h"
#include "agent/signals.h"
#include "base/clock.h"
#include "base/json.h"

namespace clary::agent {

// blocks until a stop is asked for, or the server could not be brought up; returns the last report.
json::object serve(const RunFile& run, Reporter& reporter, StopRequest& stop, const Clock& clock);

}  // namespace clary::agent
