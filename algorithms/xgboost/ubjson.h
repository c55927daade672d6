// Universal Binary JSON, in the dialect that XGBoost writes its models in.
#pragma once

#include <stdexcept>
#include <string_view>

#include "base/json.h"

namespace clary::algorithms::xgboost {

class ModelFormatError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// The whole input as one value. Typed arrays become arrays of numbers. Throws ModelFormatError on
// anything malformed, cut short, nested too deeply or with bytes after the value; allocates no more
// than a constant factor of the input.
json::value parse_ubjson(std::string_view bytes);

}  // namespace clary::algorithms::xgboost
