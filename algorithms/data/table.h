// Rows of numbers as every reader delivers them and every algorithm takes them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

namespace clary::algorithms {

inline constexpr float kMissing = std::numeric_limits<float>::quiet_NaN();

// Features dense (rows x columns, row-major, NaN = missing) or sparse (compressed rows; what is not
// listed is missing); which one says `sparse`. Labels, weights and query ids have one entry a row
// or are empty.
struct Table {
  std::size_t rows = 0;
  std::size_t columns = 0;
  bool sparse = false;
  std::vector<float> dense;
  std::vector<std::uint64_t> row_starts;  // rows + 1 entries
  std::vector<std::uint32_t> column_of;
  std::vector<float> values;
  std::vector<float> labels;
  std::vector<float> weights;
  std::vector<std::uint32_t> query_ids;
};

// Appends the rows of `more`. A dense table takes only dense rows of its own width and throws
// std::invalid_argument else; sparse ones take the larger width.
void append(Table& table, Table more);

}  // namespace clary::algorithms
