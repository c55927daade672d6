// ParameterRanges of the API, the JSON that requests and descriptions of tuning jobs carry, as a
// space.
#pragma once

#include "base/json.h"
#include "domain/tuning/space.h"

namespace clary::tuning {

// In the order continuous, integer, categorical, each as given. Errors: those of Space::make and of
// the texts. The members that the service model requires are there.
Checked<Space> space_of_ranges(const json::object& ranges);

}  // namespace clary::tuning
