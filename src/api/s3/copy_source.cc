#include "api/s3/copy_source.h"

#include "base/text.h"

namespace clary::api::s3 {

std::optional<CopySource> parse_copy_source(std::string_view header) {
  CopySource source;
  constexpr std::string_view kVersion = "?versionId=";
  if (const auto at = header.rfind(kVersion); at != std::string_view::npos) {
    source.version_id = header.substr(at + kVersion.size());
    header = header.substr(0, at);
  }
  const auto decoded = uri_decode(header);
  if (!decoded) return std::nullopt;
  std::string_view path = *decoded;
  if (path.starts_with('/')) path.remove_prefix(1);
  const auto slash = path.find('/');
  if (slash == std::string_view::npos || slash == 0 || slash + 1 == path.size()) {
    return std::nullopt;
  }
  source.bucket = BucketName(std::string(path.substr(0, slash)));
  source.key = ObjectKey(std::string(path.substr(slash + 1)));
  return source;
}

}  // namespace clary::api::s3
