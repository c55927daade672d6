// Manifests of images as anybody may push them: what is taken from one are digests, which make
// paths, and a sum of sizes that fits its column.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <string_view>

#include "registry/references.h"
#include "registry/store.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace clary::registry;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto references = references_of(text);
  if (!references) return 0;
  for (const auto* const list : {&references->blobs, &references->manifests}) {
    for (const auto& digest : *list) {
      if (!is_digest(digest)) std::abort();
    }
  }
  constexpr auto kMost = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  if (references->bytes > kMost - size) std::abort();
  return 0;
}
