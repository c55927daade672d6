// Byte ranges of GetObject and UploadPartCopy.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string_view>

namespace clary::api::s3 {

struct ByteRange {
  std::uint64_t offset = 0, length = 0;
  friend bool operator==(const ByteRange&, const ByteRange&) = default;
};

enum class RangeError { kUnsatisfiable };

// The one range of a Range header within `size` bytes. Nullopt when the whole object is meant: no
// header, another unit, several ranges, or a text that is no range (RFC 9110, section 14.2).
std::expected<std::optional<ByteRange>, RangeError> parse_range(std::string_view header,
                                                                std::uint64_t size);

// x-amz-copy-source-range: exactly bytes=first-last. Nullopt when it is not that.
std::optional<ByteRange> parse_copy_range(std::string_view header);

}  // namespace clary::api::s3
