#include "cli/command.h"

#include <CLI/CLI.hpp>
#include <iostream>

namespace clary::cli {

int run(int argc, char** argv, std::span<const Command> commands) {
  CLI::App app{"Clary: a machine-learning platform that speaks the Amazon SageMaker API", "clary"};
  app.require_subcommand(1);
  app.footer("Start with:  clary serve   then, in another shell:  eval \"$(clary env)\"");
  std::vector<std::pair<CLI::App*, std::function<int()>>> actions;
  for (const Command& command : commands) {
    CLI::App* sub = app.add_subcommand(std::string(command.name), std::string(command.help));
    actions.emplace_back(sub, command.add(*sub));
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const int code = app.exit(error);
    return code == 0 ? 0 : 2;
  }
  for (const auto& [sub, action] : actions) {
    if (!sub->parsed()) continue;
    try {
      return action();
    } catch (const std::exception& error) {
      std::cerr << "clary " << sub->get_name() << ": " << error.what() << '\n';
      return 1;
    }
  }
  return 2;
}

}  // namespace clary::cli
