// Instances that run together, seen as one run: pure functions on their states.
#pragma once

#include <span>
#include <vector>

#include "engine/runs.h"

namespace clary::engine {

// Gives the members their ids and places: gang[0].id, then that with "-2", "-3".
void number_gang(std::vector<JobSpec>& gang);

// One run out of those of a gang's instances (at least one). Phases: when the last instance entered
// each. Outcome: once all have ended; the first that did not succeed by itself, which ended the
// others. Metrics: the newest value of each name.
Run merged_run(std::span<const Run* const> instances);

// Where the instances are, as they have told themselves: [{"host", "address"}].
json::array peers_to_json(std::span<const Run* const> instances);

// Whether one has ended in a way that ends the others: without success, but for a transform's that
// failed.
bool is_broken(std::span<const Run* const> instances);

bool all_staged(std::span<const Run* const> instances);
bool all_ended(std::span<const Run* const> instances);

}  // namespace clary::engine
