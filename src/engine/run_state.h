// The pure part of runs: their state as JSON, and what one report of an agent changes in it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "engine/runs.h"

namespace clary::engine {

// Everything of a run that changes: all members but the spec.
json::object state_to_json(const Run& run);
void state_from_json(const json::object& state, Run& run);

json::object access_to_json(const AgentAccess& access);
AgentAccess access_from_json(const json::object& object);

// What a report carries for others, beside its effect on the run.
struct ReportContent {
  std::vector<store::LogEvent> logs;
  std::vector<FinalMetric> metrics;
  bool visible_change = false;  // a phase, the outcome or a restart: worth a reconcile
};

// Reads one report ({"seq": 3, "phase": {...}, "logs": [...], ...}; agent/README.md has the format)
// into `run`. Throws std::invalid_argument on a member of the wrong kind.
ReportContent apply_to_run(const json::object& report, Run& run);

}  // namespace clary::engine
