// UBJSON and JSON models: any bytes give a model that answers within its arrays, or an error.
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "algorithms/data/table.h"
#include "algorithms/xgboost/ensemble.h"
#include "algorithms/xgboost/ubjson.h"
#include "base/json.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace clary::algorithms;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  try {
    boost::system::error_code error;
    clary::json::value document = clary::json::parse(bytes, error);
    if (error) document = xgboost::parse_ubjson(bytes);
    if (!document.is_object()) return 0;
    const xgboost::Ensemble ensemble(document.get_object());
    if (ensemble.features() > 10000 || ensemble.groups() > 10000) return 0;
    std::vector<float> row(ensemble.features(), 0.5F);
    std::vector<float> out(ensemble.groups());
    ensemble.predict(row.data(), out.data());
    row.assign(ensemble.features(), kMissing);
    ensemble.predict(row.data(), out.data());
  } catch (const xgboost::ModelFormatError&) {
    return 0;
  } catch (const xgboost::NotCovered&) {
    return 0;
  }
  return 0;
}
