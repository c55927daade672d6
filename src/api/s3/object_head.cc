#include "api/s3/object_head.h"

#include "api/s3/encryption.h"
#include "api/s3/payload_checks.h"
#include "api/s3/put_options.h"
#include "api/s3/request.h"

namespace clary::api::s3 {
namespace {

using wire::ApiError;

// Stored headers are in lower case; response-* parameters and the headers they overrule.
constexpr std::array<std::array<std::string_view, 3>, 6> kOverrides{{
    {"ResponseContentType", "content-type", "Content-Type"},
    {"ResponseCacheControl", "cache-control", "Cache-Control"},
    {"ResponseContentDisposition", "content-disposition", "Content-Disposition"},
    {"ResponseContentEncoding", "content-encoding", "Content-Encoding"},
    {"ResponseContentLanguage", "content-language", "Content-Language"},
    {"ResponseExpires", "expires", "Expires"},
}};

// An object that a browser shows as a page has the address of the console, whose session its
// scripts could use. So it becomes a page of nowhere.
constexpr std::string_view kAsAPage =
    "sandbox allow-scripts allow-forms allow-popups allow-modals allow-downloads";

void add_stored_headers(ResponseHead& head, const json::object& input, const Call& call,
                        const objects::ObjectInfo& info) {
  // Most requests overrule nothing.
  const bool overrides = call.request.query.find("response-") != std::string::npos;
  const auto overruled = [&](std::string_view name) -> std::optional<std::string_view> {
    if (!overrides) return std::nullopt;
    for (const auto& [member, stored, header] : kOverrides) {
      if (stored == name) return find_string(input, member);
    }
    return std::nullopt;
  };
  if (!overruled("content-type")) head.headers.emplace_back("Content-Type", info.content_type);
  for (const auto& [name, value] : info.system_headers) {
    if (name.starts_with(kNeverSent) || overruled(name)) continue;
    head.headers.emplace_back(name, value);
  }
  if (!overrides) return;
  for (const auto& [member, stored, header] : kOverrides) {
    // A timestamp for the model, a text on the wire.
    if (const auto seconds = find_double(input, member)) {
      head.headers.emplace_back(header, http_date(from_epoch_seconds(*seconds)));
    } else if (const auto value = find_string(input, member)) {
      head.headers.emplace_back(header, *value);
    }
  }
}

void add_checksum_headers(ResponseHead& head, const json::object& input,
                          const objects::ObjectInfo& info, const ObjectView& view) {
  // A checksum of the whole says nothing about a part of it.
  if (view.range && view.range->length != info.size) return;
  // A part has checksums of its own.
  if (view.part_number && !info.part_sizes.empty()) return;
  if (string_or(input, "ChecksumMode") != "ENABLED") return;
  for (const auto& checksum : info.checksums) {
    head.headers.emplace_back(wire::checksum_header(kind_of(checksum.algorithm)), checksum.value);
    head.headers.emplace_back("x-amz-checksum-type",
                              checksum.composite ? "COMPOSITE" : "FULL_OBJECT");
  }
}

ApiError not_satisfiable(std::string_view asked, std::uint64_t size) {
  ApiError error("InvalidRange", "The requested range is not satisfiable", 416);
  error.details()["RangeRequested"] = asked;
  error.details()["ActualObjectSize"] = std::to_string(size);
  return error;
}

// Parts count from 1; an object that was put in one piece is one part.
std::expected<ByteRange, ApiError> range_of_part(std::int64_t number,
                                                 const objects::ObjectInfo& info) {
  const auto parts = static_cast<std::int64_t>(std::max<std::size_t>(info.part_sizes.size(), 1));
  if (number < 1 || number > kMaxPartNumber) {
    return std::unexpected(ApiError(
        "InvalidArgument", "Part number must be an integer between 1 and 10000, inclusive", 400));
  }
  if (number > parts) {
    return std::unexpected(
        ApiError("InvalidPart",
                 "One or more of the specified parts could not be found.  The part may not have "
                 "been uploaded, or the specified entity tag may not match the part's entity tag.",
                 400));
  }
  if (info.part_sizes.empty()) return ByteRange{0, info.size};
  ByteRange range;
  for (std::int64_t i = 0; i < number; ++i) {
    range.offset += range.length;
    range.length = info.part_sizes[static_cast<std::size_t>(i)];
  }
  return range;
}

}  // namespace

std::expected<ObjectView, ApiError> view_of(const json::object& input,
                                            const objects::ObjectInfo& info) {
  ObjectView view;
  const auto asked = find_string(input, "Range");
  if (const auto part = find_int(input, "PartNumber")) {
    if (asked) {
      return std::unexpected(
          ApiError("InvalidRequest",
                   "Cannot specify both Range header and partNumber query parameter", 400));
    }
    const auto range = range_of_part(*part, info);
    if (!range) return std::unexpected(range.error());
    view.part_number = static_cast<int>(*part);
    view.range = *range;
    return view;
  }
  if (!asked) return view;
  const auto range = parse_range(*asked, info.size);
  if (!range) return std::unexpected(not_satisfiable(*asked, info.size));
  view.range = *range;
  return view;
}

ResponseHead object_head(const json::object& input, const Call& call,
                         const objects::ObjectInfo& info, const ObjectView& view) {
  ResponseHead head;
  head.headers.reserve(10 + info.user_metadata.size() + info.system_headers.size());
  head.headers.emplace_back("x-amz-request-id", call.request_id);
  head.headers.emplace_back("Last-Modified", http_date(info.modified));
  head.headers.emplace_back("ETag", in_quotes(info.etag));
  head.headers.emplace_back("Accept-Ranges", "bytes");
  if (call.request.headers.get("User-Agent").starts_with("Mozilla/")) {  // every browser
    head.headers.emplace_back("Content-Security-Policy", std::string(kAsAPage));
  }
  add_stored_headers(head, input, call, info);
  for (const auto& [name, value] : info.user_metadata) {
    head.headers.emplace_back("x-amz-meta-" + name, value);
  }
  if (!info.tags.empty()) {
    head.headers.emplace_back("x-amz-tagging-count", std::to_string(info.tags.size()));
  }
  if (view.part_number && !info.part_sizes.empty()) {
    head.headers.emplace_back("x-amz-mp-parts-count", std::to_string(info.part_sizes.size()));
  }
  add_encryption(head.headers, input, info.encryption);
  add_checksum_headers(head, input, info, view);
  head.content_length = info.size;
  if (view.range) {
    head.status = 206;
    head.content_length = view.range->length;
    // An empty part has no first and last byte.
    if (view.range->length > 0) {
      const auto& range = *view.range;
      head.headers.emplace_back("Content-Range",
                                "bytes " + std::to_string(range.offset) + "-" +
                                    std::to_string(range.offset + range.length - 1) + "/" +
                                    std::to_string(info.size));
    }
  }
  return head;
}

ResponseHead not_modified_head(const Call& call, const objects::ObjectInfo& info) {
  ResponseHead head;
  head.status = 304;
  head.headers = {{"x-amz-request-id", std::string(call.request_id)},
                  {"Last-Modified", http_date(info.modified)},
                  {"ETag", in_quotes(info.etag)}};
  if (const auto found = info.system_headers.find("cache-control");
      found != info.system_headers.end()) {
    head.headers.emplace_back("Cache-Control", found->second);
  }
  return head;
}

}  // namespace clary::api::s3
