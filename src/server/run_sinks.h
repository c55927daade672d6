// Where what runs report goes: their log lines and metric values.
#pragma once

#include "engine/runs.h"
#include "keys/sealer.h"
#include "store/log_events.h"
#include "store/metric_points.h"

namespace clary::server {

// Log lines and metric values of a run, stored in the transaction that marks their report applied.
engine::RunSinks run_sinks(store::LogEvents& logs, store::MetricPoints& metrics,
                           keys::Sealer& sealer);

}  // namespace clary::server
