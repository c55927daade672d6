// Where clary_runtime, the Python side of script mode, was installed.
#pragma once

#include <filesystem>

namespace clary {

// $CLARY_PYTHON, or share/clary/python beside bin/.
std::filesystem::path runtime_folder();

}  // namespace clary
