// `clary jobs`, `clary job`, `clary cost`, `clary logs`, `clary stop`: what runs, for people.
#pragma once

#include <functional>

namespace CLI {
class App;
}

namespace clary::cli {

std::function<int()> add_jobs(CLI::App& app);
std::function<int()> add_job(CLI::App& app);
std::function<int()> add_cost(CLI::App& app);
std::function<int()> add_stop(CLI::App& app);
// Exit code after -f: 0 completed, 3 failed, 4 stopped.
std::function<int()> add_logs(CLI::App& app);

}  // namespace clary::cli
