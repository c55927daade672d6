// The conditions of a JSON filter pattern. Internal to filter_pattern.h.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "api/logs/filter_pattern.h"
#include "base/json.h"

namespace clary::api::logs {

struct FilterPattern::Condition {
  enum class Kind {
    kAnd,
    kOr,
    kEqual,
    kNotEqual,
    kLess,
    kLessEqual,
    kGreater,
    kGreaterEqual,
    kIsTrue,
    kIsFalse,
    kIsNull,
    kNotExists
  };
  Kind kind = Kind::kAnd;
  std::vector<Condition> children;                           // kAnd, kOr
  std::vector<std::variant<std::string, std::size_t>> path;  // names and indices after '$'
  std::string text;  // the value, '*' at its ends a wildcard
  std::optional<double> number;

  bool holds(const json::value& document) const;
};

// `text` is all between the braces.
std::expected<FilterPattern::Condition, std::string> parse_conditions(std::string_view text);

}  // namespace clary::api::logs
