// The encodings of Parquet's data pages, for numeric columns.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace clary::algorithms {

class ParquetError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// Numbered as in Parquet's format.
enum class Physical { kBool = 0, kInt32 = 1, kInt64 = 2, kFloat = 4, kDouble = 5 };
enum class Encoding {
  kPlain = 0,
  kPlainDictionary = 2,
  kRle = 3,
  kDeltaBinaryPacked = 5,
  kRleDictionary = 8,
  kByteStreamSplit = 9
};

struct NumericType {
  Physical physical = Physical::kDouble;
  bool is_unsigned = false;
  double scale = 1;  // of decimals: value / scale
};

// `count` integers of `width` bits in the hybrid of runs and bit packing that levels, dictionary
// indices and booleans use. Throws ParquetError when the bytes end early.
std::vector<std::uint32_t> read_hybrid(std::string_view bytes, unsigned width, std::size_t count);

// `count` values of a page.
std::vector<float> read_values(std::string_view bytes, Encoding encoding, const NumericType& type,
                               std::size_t count, const std::vector<float>& dictionary);

}  // namespace clary::algorithms
