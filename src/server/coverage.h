// docs/coverage.md: which operations are built, of those that the models know.
#pragma once

#include <string>
#include <vector>

#include "api/call.h"
#include "wire/model.h"

namespace clary::server {

// Builds every service over an empty store in a temporary folder, just to ask for its operations.
std::string coverage_markdown();

std::string coverage_markdown(const wire::Models& models,
                              const std::vector<api::Service*>& services);

}  // namespace clary::server
