// Hyperparameters declared once, as data: the declaration validates a job's values, fills defaults
// and is what documentation and CreateAlgorithm-like descriptions are made of.
#pragma once

#include <limits>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"

namespace clary::algorithms {

// An interval or a list of words, in the notation that people read: "[0, 1]", "(0, +inf)".
struct Range {
  double low = -std::numeric_limits<double>::infinity();
  double high = std::numeric_limits<double>::infinity();
  bool low_open = false;
  bool high_open = false;

  bool contains(double value) const;
  std::string text() const;
};

struct Hyperparameter {
  enum class Type { kInteger, kContinuous, kCategorical, kWords, kTuple, kNestedList };
  enum class Need { kOptional, kRequired };

  std::string_view name;
  Type type = Type::kContinuous;
  Need need = Need::kOptional;
  Range range{};                          // numbers, and the elements of tuples and lists
  std::vector<std::string_view> words{};  // categorical: the choices; words: when not checked
  std::string_view fallback{};            // what holds when it is not given; for people
  std::string_view alias{};               // another accepted name
  std::string_view help{};
  std::optional<Range> tuning{};  // the recommended range for tuning
};

using HyperparameterValues = std::map<std::string, std::string, std::less<>>;

// Checks names, presence, types and ranges and answers the values under their main names. Throws
// ClientError in the wording of SageMaker's algorithm toolkit ("Extraneous hyperparameter found:
// x", "Missing required hyperparameter: x", "Hyperparameter x: 2 is not in [0, 1]").
HyperparameterValues validate(std::span<const Hyperparameter> declared,
                              const std::map<std::string, std::string>& given);

// The comma-separated pieces, trimmed.
std::vector<std::string> split_words(std::string_view text);

// What to print for `clary-algo hyperparameters`: a Markdown table.
std::string hyperparameter_table(std::span<const Hyperparameter> declared);

// SupportedHyperParameters of a TrainingSpecification: what DescribeAlgorithm answers. Names that
// begin with "_" are between SageMaker and the algorithm and are left out.
json::array hyperparameter_specifications(std::span<const Hyperparameter> declared);

}  // namespace clary::algorithms
