#include "base/byte_text.h"

#include <array>
#include <cmath>
#include <cstdio>
#include <string_view>

namespace clary {
namespace {

// The power of 1000 that leaves `bytes` below 1000, rounded to a tenth.
std::size_t unit_of(std::uint64_t bytes) {
  std::size_t unit = 0;
  for (double value = static_cast<double>(bytes); value >= 999.95 && unit < 5; value /= 1000) {
    ++unit;
  }
  return unit;
}

std::string number_in_unit(std::uint64_t bytes, std::size_t unit) {
  if (unit == 0) return std::to_string(bytes);
  std::array<char, 32> text{};
  const double value = static_cast<double>(bytes) / std::pow(1000.0, static_cast<double>(unit));
  std::snprintf(text.data(), text.size(), "%.1f", value);
  return text.data();
}

constexpr std::array<std::string_view, 6> kUnits{" B", " KB", " MB", " GB", " TB", " PB"};

}  // namespace

std::string bytes_text(std::uint64_t bytes) {
  const std::size_t unit = unit_of(bytes);
  return number_in_unit(bytes, unit) + std::string(kUnits.at(unit));
}

std::string bytes_of_text(std::uint64_t part, std::uint64_t whole) {
  const std::size_t unit = unit_of(whole);
  return number_in_unit(part, unit) + " of " + number_in_unit(whole, unit) +
         std::string(kUnits.at(unit));
}

}  // namespace clary
