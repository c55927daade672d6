// What a manifest refers to. Sources: the OCI image specification (manifest, index) and Docker's
// "Image Manifest V2, Schema 2".
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace clary::registry {

struct References {
  std::vector<std::string> blobs, manifests;  // digests
  std::uint64_t bytes = 0;                    // as the manifest says
};

// Nullopt when it is no manifest.
std::optional<References> references_of(std::string_view content);

}  // namespace clary::registry
