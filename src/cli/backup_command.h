// `clary backup`, `clary restore`, `clary fsck`.
#pragma once

#include <functional>
#include <string>

namespace CLI {
class App;
}

namespace clary::cli {

std::function<int()> add_backup(CLI::App& app, const std::string& program_version);
std::function<int()> add_restore(CLI::App& app);
std::function<int()> add_fsck(CLI::App& app);

}  // namespace clary::cli
