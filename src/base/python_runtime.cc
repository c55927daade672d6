#include "base/python_runtime.h"

#include <stdlib.h>

#include <system_error>

namespace clary {

std::filesystem::path runtime_folder() {
  if (const char* set = getenv("CLARY_PYTHON"); set != nullptr && *set != '\0') return set;
  std::error_code error;
  const auto program = std::filesystem::read_symlink("/proc/self/exe", error);
  return program.parent_path().parent_path() / "share" / "clary" / "python";
}

}  // namespace clary
