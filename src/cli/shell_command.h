// `clary preempt JOB` and `clary shell JOB`: the owner's hand on a training job.
#pragma once

#include <functional>

namespace CLI {
class App;
}

namespace clary::cli {

std::function<int()> add_preempt(CLI::App& app);
std::function<int()> add_shell(CLI::App& app);

}  // namespace clary::cli
