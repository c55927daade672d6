// Makes an environment: a virtual environment with its packages, below FOLDER/NAME in a folder of
// its own, which `current` links to once it is whole. A build that is killed leaves nothing that
// looks ready, and jobs that run in the build before are not disturbed.
#pragma once

#include <filesystem>
#include <stdexcept>
#include <string>
#include <vector>

#include "engine/environment_table.h"

namespace clary::engine {

class EnvironmentBuildError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

struct BuildOptions {
  std::filesystem::path folder;          // DATA_DIR/environments
  std::vector<std::string> environment;  // of pip: "NAME=value"
  std::filesystem::path runtime{};       // the folder of clary_runtime; only jars need it
  // Where pip shows its progress; -1 shows nothing.
  int output = -1;
};

// The new build's folder. Throws EnvironmentBuildError saying what failed. blocks: for minutes.
std::filesystem::path build_environment(const EnvironmentEntry& entry, const BuildOptions& options);

}  // namespace clary::engine
