// The booster inside a Python pickle, without running any of it.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

namespace clary::algorithms::xgboost {

class PickleError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// SageMaker's older XGBoost containers saved `pickle.dump(booster)`. A pickle is a program; this
// reads its opcodes as data. It builds strings, numbers, lists and dictionaries, and knows five
// globals by name (the Booster class, bytearray, the two ways to rebuild an object, and the codec
// by which old protocols write bytes); a pickle with any other global is refused, so nothing in it
// is ever called. Answers the bytes of the booster's `handle`. Throws PickleError.
std::string booster_in_pickle(std::string_view pickle);

}  // namespace clary::algorithms::xgboost
