#include "wire/scalar_text.h"

#include <charconv>
#include <cmath>

#include "base/text.h"
#include "wire/timestamps.h"
#include "wire/utf8.h"

namespace clary::wire {
namespace {

template <class Number>
std::optional<json::value> number_from_text(std::string_view text) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return json::value(number);
}

}  // namespace

bool is_scalar(const Shape& shape) {
  return shape.kind != ShapeKind::kStructure && shape.kind != ShapeKind::kList &&
         shape.kind != ShapeKind::kMap;
}

std::optional<json::value> scalar_from_text(const Shape& shape, std::string_view text) {
  switch (shape.kind) {
    case ShapeKind::kString:
      if (!valid_utf8(text)) return std::nullopt;
      return json::value(text);
    case ShapeKind::kBlob:
      if (!unbase64(trim(text))) return std::nullopt;
      return json::value(trim(text));
    case ShapeKind::kInteger:
      return number_from_text<std::int32_t>(trim(text));
    case ShapeKind::kLong:
      return number_from_text<std::int64_t>(trim(text));
    case ShapeKind::kFloat:
    case ShapeKind::kDouble:
      return number_from_text<double>(trim(text));
    case ShapeKind::kBoolean: {
      const std::string word = to_lower(trim(text));
      if (word == "true" || word == "1") return json::value(true);
      if (word == "false" || word == "0") return json::value(false);
      return std::nullopt;
    }
    case ShapeKind::kTimestamp: {
      const auto seconds = parse_timestamp(trim(text));
      if (!seconds) return std::nullopt;
      return json::value(std::round(*seconds * 1000) / 1000);
    }
    default:
      return std::nullopt;
  }
}

}  // namespace clary::wire
