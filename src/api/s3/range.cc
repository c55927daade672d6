#include "api/s3/range.h"

#include <algorithm>
#include <charconv>

#include "base/text.h"

namespace clary::api::s3 {
namespace {

constexpr std::string_view kUnit = "bytes=";

std::optional<std::uint64_t> number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (end != text.data() + text.size() || text.empty()) return std::nullopt;
  // More digits than fit mean behind every object.
  if (error == std::errc::result_out_of_range) return UINT64_MAX;
  return error == std::errc() ? std::optional(value) : std::nullopt;
}

}  // namespace

std::expected<std::optional<ByteRange>, RangeError> parse_range(std::string_view header,
                                                                std::uint64_t size) {
  header = trim(header);
  if (!header.starts_with(kUnit)) return std::nullopt;
  header = trim(header.substr(kUnit.size()));
  const auto dash = header.find('-');
  if (dash == std::string_view::npos || header.find(',') != std::string_view::npos) {
    return std::nullopt;
  }
  const auto first_text = trim(header.substr(0, dash));
  const auto last_text = trim(header.substr(dash + 1));
  const auto first = number(first_text);
  const auto last = number(last_text);
  if ((!first && !first_text.empty()) || (!last && !last_text.empty())) return std::nullopt;
  if (!first && !last) return std::nullopt;
  if (!first) {  // the last so many bytes
    if (*last == 0 || size == 0) return std::unexpected(RangeError::kUnsatisfiable);
    const auto length = std::min(*last, size);
    return ByteRange{size - length, length};
  }
  if (last && *last < *first) return std::nullopt;
  if (*first >= size) return std::unexpected(RangeError::kUnsatisfiable);
  const auto end = last ? std::min(*last, size - 1) : size - 1;
  return ByteRange{*first, end - *first + 1};
}

std::optional<ByteRange> parse_copy_range(std::string_view header) {
  if (!header.starts_with(kUnit)) return std::nullopt;
  header.remove_prefix(kUnit.size());
  const auto dash = header.find('-');
  if (dash == std::string_view::npos) return std::nullopt;
  const auto first = number(header.substr(0, dash));
  const auto last = number(header.substr(dash + 1));
  if (!first || !last || *last < *first || *last == UINT64_MAX) return std::nullopt;
  return ByteRange{*first, *last - *first + 1};
}

}  // namespace clary::api::s3
