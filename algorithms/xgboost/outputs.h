// Predictions as text and records.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace clary::algorithms::xgboost {

// Rows of `width` predictions each.
struct Rows {
  std::span<const float> values;
  std::size_t width = 1;
  std::size_t count() const { return values.size() / width; }
};

enum class Accept { kCsv, kJson, kJsonLines, kRecordio };
std::optional<Accept> parse_accept(std::string_view accept);
std::string_view mime_type(Accept accept);

// Without SAGEMAKER_INFERENCE_OUTPUT: one value (or list) a row.
std::string encode(const Rows& rows, Accept accept, bool batch);

// With it: the named outputs of each row, in order; one that the objective does not have is NaN.
// Throws std::invalid_argument when the objective has none at all.
std::string encode_selected(const Rows& rows, std::span<const std::string> names,
                            std::string_view objective, std::size_t classes, Accept accept,
                            bool batch);

}  // namespace clary::algorithms::xgboost
