#include "api/s3/put_options.h"

#include "api/s3/tags.h"
#include "base/text.h"

namespace clary::api::s3 {
namespace {

using wire::ApiError;

constexpr std::string_view kMetaPrefix = "x-amz-meta-";
constexpr std::size_t kMaxMetadataBytes = 2048;
// Stored, and sent back by GetObject and HeadObject.
constexpr std::array<std::string_view, 5> kKept{"cache-control", "content-disposition",
                                                "content-language", "expires",
                                                "x-amz-website-redirect-location"};

std::string without_chunking(std::string_view encodings) {
  std::string kept;
  while (!encodings.empty()) {
    const auto comma = std::min(encodings.find(','), encodings.size());
    const auto encoding = trim(encodings.substr(0, comma));
    encodings.remove_prefix(std::min(comma + 1, encodings.size()));
    if (encoding.empty() || equals_ignore_case(encoding, "aws-chunked")) continue;
    if (!kept.empty()) kept += ", ";
    kept += encoding;
  }
  return kept;
}

void read_metadata(const Headers& headers, objects::PutOptions& options) {
  std::size_t bytes = 0;
  for (const auto& [name, value] : headers) {
    auto lower = to_lower(name);
    if (!lower.starts_with(kMetaPrefix)) continue;
    lower.erase(0, kMetaPrefix.size());
    bytes += lower.size() + value.size();
    auto [entry, fresh] = options.user_metadata.emplace(std::move(lower), value);
    if (!fresh) entry->second += "," + value;
  }
  if (bytes > kMaxMetadataBytes) {
    ApiError error("MetadataTooLarge",
                   "Your metadata headers exceed the maximum allowed metadata size", 400);
    error.details()["Size"] = std::to_string(bytes);
    error.details()["MaxSizeAllowed"] = std::to_string(kMaxMetadataBytes);
    throw error;
  }
}

}  // namespace

void set_none_match(objects::PutOptions& options, std::string_view value) {
  if (value == "*") {
    options.if_none_match = true;
  } else {
    options.if_none_match_etag = value;
  }
}

objects::PutOptions put_options(const Call& call) {
  const auto& headers = call.request.headers;
  objects::PutOptions options;
  options.content_type = headers.find("Content-Type").value_or("binary/octet-stream");
  if (options.content_type.empty()) options.content_type = "binary/octet-stream";
  for (const auto name : kKept) {
    if (const auto value = headers.find(name)) options.system_headers.emplace(name, *value);
  }
  if (auto encoding = without_chunking(headers.get("Content-Encoding")); !encoding.empty()) {
    options.system_headers.emplace("content-encoding", std::move(encoding));
  }
  read_metadata(headers, options);
  if (const auto tagging = headers.find("x-amz-tagging")) options.tags = tags_of_header(*tagging);
  if (const auto match = headers.find("If-Match")) options.if_match = *match;
  if (const auto none = headers.find("If-None-Match")) {
    set_none_match(options, *none);
  }
  return options;
}

}  // namespace clary::api::s3
