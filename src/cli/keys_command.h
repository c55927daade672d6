// `clary keys`: the root key of a data folder, for the person who keeps it.
#pragma once

#include <functional>

namespace CLI {
class App;
}

namespace clary::cli {

// status, export-root, import-root, rotate-root.
std::function<int()> add_keys(CLI::App& app);

}  // namespace clary::cli
