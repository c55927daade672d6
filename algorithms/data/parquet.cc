#include "algorithms/data/parquet.h"

#include <string>

#include "algorithms/container/failure.h"

namespace clary::algorithms {

Table read_parquet(std::string_view bytes, std::string_view source) {
  throw ClientError(std::string(source) + " is a Parquet file of " + std::to_string(bytes.size()));
}

}  // namespace clary::algorithms
