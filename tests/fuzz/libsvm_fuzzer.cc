// The libsvm reader of the algorithms: any bytes are read or refused with a ClientError.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "algorithms/container/failure.h"
#include "algorithms/data/libsvm.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace clary::algorithms;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try {
    read_libsvm(text, "f", LibsvmLabels::kOptional);
  } catch (const ClientError&) {
    return 0;
  }
  return 0;
}
