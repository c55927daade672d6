// One subcommand of `clary`: a name, a line of help, and what runs.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace CLI {
class App;
}

namespace clary::cli {

// `add` declares the command's options on its own CLI11 app and returns what runs when it was
// chosen; the returned function's value is the exit code.
struct Command {
  std::string_view name, help;
  std::function<std::function<int()>(CLI::App& app)> add;
};

// Parses and runs. Exit codes: 0 done, 1 failed (said why on stderr), 2 wrong usage.
int run(int argc, char** argv, std::span<const Command> commands);

}  // namespace clary::cli
