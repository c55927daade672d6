// Where a program's shared libraries lie, as far as it says so itself: a sandbox must show these
// folders beside the system's own.
#pragma once

#include <filesystem>
#include <vector>

namespace clary::process {

// The folders outside /usr and /lib that the RPATH and RUNPATH of `program`, and of the libraries
// found there, name and that exist. Empty when it is no ELF file (a script) or cannot be read.
// Source of the format: the System V ABI, chapter 5 (program loading and dynamic linking).
std::vector<std::filesystem::path> library_folders(const std::filesystem::path& program);

}  // namespace clary::process
