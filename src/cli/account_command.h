// `clary account` and `clary oidc`: what the owner of a server does for its accounts.
#pragma once

#include <functional>

#include "base/json.h"
#include "base/settings.h"

namespace CLI {
class App;
}

namespace clary::cli {

// Runs a command on the data folder when no server has it.
using OwnerOffline = std::function<json::object(const Settings&, const json::object& command)>;

std::function<int()> add_account(CLI::App& app, const OwnerOffline& offline);
std::function<int()> add_oidc(CLI::App& app, const OwnerOffline& offline);

}  // namespace clary::cli
