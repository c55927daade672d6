// `clary-agent`: the same as `clary agent`, without the rest of that program.
#include "agent/agent.h"

#include <string_view>

int main(int argc, char** argv) {
  const bool named = argc > 1 && std::string_view(argv[1]) == "agent";
  return clary::agent::agent_main(named ? argc - 1 : argc, named ? argv + 1 : argv);
}
