// A framework environment inside the sandbox. The environment itself is read-only and everybody's;
// on top of it lies one of the run's own, empty at first, where pip installs what a script asks for
// and which sees all that the environment has. Beside it stands clary_runtime, which plays the part
// of SageMaker's training and inference toolkits: `train` and `serve` are in its PATH.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "base/job_spec.h"
#include "process/sandbox.h"

namespace clary::agent {

// Where the sandbox has clary_runtime, and what else stands beside it.
inline constexpr const char* kPythonRuntime = "/opt/clary/python";

// Makes the run's own layer in `folder`, anew, and says what the sandbox binds. Throws CannotLaunch
// when the environment or clary_runtime is not there, StorageError when the disk fails.
std::vector<process::Bind> prepare_python(const PythonSpec& python,
                                          const std::filesystem::path& folder);

// Where the program called `name` is inside: in the run's layer, in the environment, else in the
// PATH of the sandbox. A path is taken as it is. Throws CannotLaunch when there is none.
std::string find_in_python(const PythonSpec& python, const std::filesystem::path& folder,
                           const std::string& name);

// PATH and what else makes programs use it.
std::map<std::string, std::string> python_variables(const PythonSpec& python);

}  // namespace clary::agent
