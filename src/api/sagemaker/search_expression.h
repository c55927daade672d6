// The expressions of Search: filters joined by And or Or, nested to some depth. Pure functions.
// Source: the API reference of Search, SearchExpression, Filter and NestedFilters.
#pragma once

#include "base/json.h"

namespace clary::api::sagemaker {

// Whether `record` (the members of a TrainingJob, Trial, ... as Search knows them, with Tags)
// matches. Names are dotted paths; "Tags.key" reads a tag, "Parents.TrialName" any entry of a
// list, and a map's entries by name. Unknown members match as absent ones.
bool matches(const json::object& expression, const json::object& record);

}  // namespace clary::api::sagemaker
