// A run that ends by itself: fetch, run, take away.
#pragma once

#include "agent/reporter.h"
#include "agent/run_file.h"
#include "agent/signals.h"
#include "base/clock.h"
#include "base/json.h"

namespace clary::agent {

// blocks until the run is over and returns its last report: {"outcome": {...}}.
json::object run_to_end(const RunFile& run, Reporter& reporter, StopRequest& stop,
                        const Clock& clock);

json::object outcome_report(std::string_view kind, int exit_code, const std::string& reason);

}  // namespace clary::agent
