// An expression of metric math as a tree. Internal to metric_math.h.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace clary::api::cloudwatch {

struct MathNode {
  enum class Kind { kNumber, kText, kName, kCall, kList, kUnary, kBinary };
  Kind kind = Kind::kNumber;
  double number = 0;
  std::string text;                // name, function in capitals, operator, or quoted text
  std::vector<MathNode> children;  // arguments or operands
};

// Bounded: 64 levels, 1,000 nodes.
std::expected<MathNode, std::string> parse_math(std::string_view expression);

}  // namespace clary::api::cloudwatch
