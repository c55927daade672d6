// The compression codecs that Parquet pages come in.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

namespace clary::algorithms {

class DecompressError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// Numbered as in Parquet's format.
enum class Codec { kNone = 0, kSnappy = 1, kGzip = 2, kZstd = 6, kLz4 = 7 };

// Exactly `size` bytes, or DecompressError. zstd's library is loaded when it is first needed.
std::string decompress(Codec codec, std::string_view bytes, std::size_t size);

}  // namespace clary::algorithms
