// Parquet files of plain numeric columns: the label is the first one.
#pragma once

#include <string_view>

#include "algorithms/data/table.h"

namespace clary::algorithms {

// Reads a whole file. Flat columns of booleans, integers, floats, doubles; nulls are missing
// values. Throws ClientError naming `source` and the column for anything else.
Table read_parquet(std::string_view bytes, std::string_view source);

}  // namespace clary::algorithms
