// The pickle reader: any bytes give a booster's bytes or a PickleError, and run nothing.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "algorithms/xgboost/pickle.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace clary::algorithms::xgboost;
  try {
    booster_in_pickle({reinterpret_cast<const char*>(data), size});
  } catch (const PickleError&) {
    return 0;
  }
  return 0;
}
