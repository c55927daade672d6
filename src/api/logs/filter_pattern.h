// CloudWatch Logs' filter patterns: terms, "phrases", ?any, -not, and { $.json = "conditions" }.
// Source: "Filter pattern syntax for metric filters, subscription filters, filter log events, and
// Live Tail".
#pragma once

#include <expected>
#include <memory>
#include <string>
#include <string_view>

namespace clary::api::logs {

// Case matters, as on AWS; a term matches anywhere in the message. Patterns of space-delimited
// fields ([a, b]) and regular expressions (%...%) are not known.
// threads: any, once parsed.
class FilterPattern {
 public:
  // The error is a sentence for the user.
  static std::expected<FilterPattern, std::string> parse(std::string_view text);
  bool matches(std::string_view message) const;

  struct Condition;  // a node of a JSON pattern
  ~FilterPattern();
  FilterPattern(FilterPattern&&) noexcept;
  FilterPattern& operator=(FilterPattern&&) noexcept;

 private:
  FilterPattern();
  struct Terms;
  std::unique_ptr<Terms> terms_;
  std::unique_ptr<Condition> condition_;
};

}  // namespace clary::api::logs
