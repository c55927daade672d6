// The parquet reader of the algorithms: any bytes are read or refused with a ClientError.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "algorithms/container/failure.h"
#include "algorithms/data/parquet.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace clary::algorithms;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try {
    read_parquet(text, "f");
  } catch (const ClientError&) {
    return 0;
  }
  return 0;
}
