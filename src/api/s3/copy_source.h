// x-amz-copy-source: which object a copy reads.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/strong.h"

namespace clary::api::s3 {

struct CopySource {
  BucketName bucket;
  ObjectKey key;
  std::string version_id;  // "" or what ?versionId= says
};

// bucket/key or /bucket/key, percent-encoded, with an optional ?versionId=. Nullopt when it is not
// that.
std::optional<CopySource> parse_copy_source(std::string_view header);

}  // namespace clary::api::s3
