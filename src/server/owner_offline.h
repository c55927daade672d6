// The owner's commands where no server runs.
#pragma once

#include "base/json.h"
#include "base/settings.h"

namespace clary::server {

// Opens the data folder, as a server would, for one command. Throws what OwnerCommands::run()
// throws, and std::runtime_error when a server has the folder.
json::object run_owner_command(const Settings& settings, const json::object& command);

}  // namespace clary::server
