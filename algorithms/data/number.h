// Decimal text to numbers, as fast as data files need it.
#pragma once

#include <charconv>
#include <cstdint>
#include <string_view>

namespace clary::algorithms {

// Reads one number at `cursor` and moves it past the last character used. False, with the cursor
// unmoved, when there is none. Takes what Python's float() takes: sign, digits, exponent, nan, inf,
// infinity in any case. The value is the correctly rounded double.
bool read_number(const char*& cursor, const char* end, double& value);

namespace internal {
bool read_number_slowly(const char*& cursor, const char* end, double& value);
inline constexpr double kPowersOfTen[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                          1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                          1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
}  // namespace internal

// Up to 15 digits and no exponent, the common case, is exact in one division (Clinger's fast path);
// the rest goes to std::from_chars.
inline bool read_number(const char*& cursor, const char* end, double& value) {
  const char* at = cursor;
  const bool negative = at != end && *at == '-';
  if (negative) ++at;
  std::uint64_t mantissa = 0;
  int digits = 0;
  int decimals = 0;
  for (; at != end && static_cast<unsigned char>(*at - '0') < 10; ++at, ++digits) {
    mantissa = mantissa * 10 + static_cast<unsigned char>(*at - '0');
  }
  if (at != end && *at == '.') {
    const char* point = ++at;
    for (; at != end && static_cast<unsigned char>(*at - '0') < 10; ++at, ++digits) {
      mantissa = mantissa * 10 + static_cast<unsigned char>(*at - '0');
    }
    decimals = static_cast<int>(at - point);
  }
  const bool plain = at == end || (*at != 'e' && *at != 'E');
  if (digits == 0 || digits > 15 || !plain) {
    return internal::read_number_slowly(cursor, end, value);
  }
  const double magnitude = static_cast<double>(mantissa) / internal::kPowersOfTen[decimals];
  value = negative ? -magnitude : magnitude;
  cursor = at;
  return true;
}

// As Python prints a float (repr): the shortest text that reads back as the same double. Writes at
// most 32 characters and returns the end.
char* write_number(char* to, double value);

}  // namespace clary::algorithms
