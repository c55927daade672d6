// `clary tune watch JOB`: a tuning job, drawn while it runs.
#pragma once

#include <functional>

namespace CLI {
class App;
}

namespace clary::cli {

// Exit code: 0 completed, 3 failed, 4 stopped.
std::function<int()> add_tune(CLI::App& app);

}  // namespace clary::cli
