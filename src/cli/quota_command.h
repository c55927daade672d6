// `clary quota`: how many instances accounts may use at once.
#pragma once

#include <functional>

#include "cli/account_command.h"

namespace clary::cli {

std::function<int()> add_quota(CLI::App& app, const OwnerOffline& offline);

}  // namespace clary::cli
