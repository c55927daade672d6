// The algorithms of clary-algo as DescribeAlgorithm shows them: hyperparameters with ranges and
// help, channels, metrics.
#pragma once

#include <optional>
#include <string_view>

#include "api/call.h"

namespace clary::api::sagemaker {

// What `clary-algo describe` printed when this program was built. Written by the build.
std::string_view builtin_algorithms_text();

// Nullopt when none is called so, by name ("sagemaker-xgboost", "xgboost") or by its ARN in the
// caller's account. An algorithm of the account's own that has the same name comes first.
std::optional<json::object> builtin_algorithm(std::string_view name, const Call& call);

}  // namespace clary::api::sagemaker
