// `clary scrub`.
#pragma once

#include <functional>

namespace CLI {
class App;
}

namespace clary::cli {

std::function<int()> add_scrub(CLI::App& app);

}  // namespace clary::cli
