// The manifests that name a job's inputs, plain and augmented: any text is read or refused, and no
// object that is named leads out of the channel's folder.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string_view>

#include "agent/input_objects.h"

namespace {

using namespace clary;
using namespace clary::agent;

void check_path(const std::filesystem::path& path) {
  if (path.empty() || path.is_absolute()) std::abort();
  for (const auto& part : path) {
    if (part == "..") std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  InputSpec input;
  input.name = "train";
  input.s3_uri = "s3://bucket/manifest";
  input.attributes = {"source-ref", "label"};
  try {
    for (const auto& object : objects_of_manifest(text, input)) check_path(object.path);
  } catch (const InputError&) {
  } catch (const std::invalid_argument&) {
  }
  try {
    for (const auto& line : lines_of_manifest(text, input)) {
      if (line.size() != input.attributes.size()) std::abort();
    }
  } catch (const InputError&) {
  }
  return 0;
}
