#include "registry/references.h"

#include <algorithm>
#include <stdexcept>

#include "base/json.h"
#include "registry/store.h"

namespace clary::registry {
namespace {

constexpr std::uint64_t kMostBytes = std::uint64_t{1} << 62;

void add_reference(const json::value& descriptor, std::vector<std::string>& digests,
                   std::uint64_t& bytes) {
  const json::object* const object = descriptor.if_object();
  const std::string digest = object == nullptr ? std::string() : string_or(*object, "digest");
  if (!is_digest(digest)) throw std::invalid_argument("no digest");
  // Layers that are to be fetched elsewhere are not here.
  if (object->contains("urls")) return;
  digests.push_back(digest);
  const auto size = find_int(*object, "size");
  if (!size || *size <= 0) return;
  // What anybody may have written: the sum is kept in 63 bits.
  bytes = std::min(bytes + static_cast<std::uint64_t>(*size), kMostBytes);
}

}  // namespace

std::optional<References> references_of(std::string_view content) {
  boost::system::error_code error;
  const json::value value = json::parse(content, error);
  const json::object* const object = error ? nullptr : value.if_object();
  if (object == nullptr) return std::nullopt;
  if (find_int(*object, "schemaVersion").value_or(0) != 2) return std::nullopt;
  References references;
  try {
    if (const json::array* const list = find_array(*object, "manifests")) {
      for (const json::value& each : *list) {
        add_reference(each, references.manifests, references.bytes);
      }
      return references;
    }
    const json::value* const config = object->if_contains("config");
    const json::array* const layers = find_array(*object, "layers");
    if (config == nullptr || layers == nullptr) return std::nullopt;
    add_reference(*config, references.blobs, references.bytes);
    for (const json::value& each : *layers) {
      add_reference(each, references.blobs, references.bytes);
    }
  } catch (const std::invalid_argument&) {
    return std::nullopt;
  }
  return references;
}

}  // namespace clary::registry
