// The owner's commands: to the server of a data folder, or to the folder itself.
#pragma once

#include <filesystem>
#include <optional>

#include "base/json.h"

namespace clary::cli {

// Sends the command to the server that wrote DIR/client.json; nullopt when no such server answers.
// Throws std::runtime_error with the server's words when it refuses.
std::optional<json::object> send_owner_command(const std::filesystem::path& data_dir,
                                               const json::object& command);

}  // namespace clary::cli
