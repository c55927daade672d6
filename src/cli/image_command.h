// `clary image`: images of one's own, and which of them a URI means.
#pragma once

#include <functional>

#include "cli/account_command.h"

namespace CLI {
class App;
}

namespace clary::cli {

std::function<int()> add_image(CLI::App& app, const OwnerOffline& offline);

}  // namespace clary::cli
