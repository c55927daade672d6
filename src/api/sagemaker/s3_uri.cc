#include "api/sagemaker/s3_uri.h"

namespace clary::api::sagemaker {
namespace {

std::optional<S3Location> split(std::string_view path) {
  const std::size_t slash = path.find('/');
  const std::string_view bucket = path.substr(0, slash);
  if (bucket.size() < 3) return std::nullopt;
  const std::string_view key =
      slash == std::string_view::npos ? std::string_view() : path.substr(slash + 1);
  return S3Location{std::string(bucket), std::string(key)};
}

}  // namespace

std::optional<S3Location> parse_s3_uri(std::string_view uri) {
  if (uri.starts_with("s3://")) return split(uri.substr(5));
  if (!uri.starts_with("https://")) return std::nullopt;
  uri.remove_prefix(8);
  const std::size_t slash = uri.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const std::string_view host = uri.substr(0, slash), path = uri.substr(slash + 1);
  if (host.starts_with("s3.") || host.starts_with("s3-")) return split(path);
  for (std::string_view mark : {".s3.", ".s3-"}) {
    const std::size_t at = host.rfind(mark);
    if (at == std::string_view::npos) continue;
    return S3Location{std::string(host.substr(0, at)), std::string(path)};
  }
  return std::nullopt;
}

std::string join_s3(std::string_view prefix, std::string_view name) {
  while (prefix.ends_with('/')) prefix.remove_suffix(1);
  return std::string(prefix) + "/" + std::string(name);
}

}  // namespace clary::api::sagemaker
