#include "algorithms/data/number.h"

#include <cmath>
#include <cstring>
#include <limits>

#include "base/text.h"

namespace clary::algorithms {

bool internal::read_number_slowly(const char*& cursor, const char* end, double& value) {
  const char* at = cursor;
  if (at != end && *at == '+') {
    ++at;
    if (at != end && *at == '-') return false;
  }
  double result = 0;
  auto [stop, error] = std::from_chars(at, end, result);
  if (error == std::errc::result_out_of_range) {
    // from_chars leaves the value alone: too large or too small, as the exponent's sign says.
    const std::string_view text(at, static_cast<std::size_t>(stop - at));
    const auto exponent = text.find_first_of("eE");
    const bool tiny = exponent != std::string_view::npos
                          ? text.find('-', exponent) != text.npos
                          : text.find_first_of("123456789") > text.find('.');
    result = tiny ? 0.0 : std::numeric_limits<double>::infinity();
    if (text.starts_with('-')) result = -result;
  } else if (error != std::errc()) {
    return false;
  }
  // from_chars also takes "nan(...)", which is no number to anybody else.
  if (std::isnan(result) && stop[-1] == ')') return false;
  cursor = stop;
  value = result;
  return true;
}

char* write_number(char* to, double value) {
  if (std::isnan(value)) return static_cast<char*>(std::memcpy(to, "nan", 3)) + 3;
  if (std::isinf(value)) {
    const std::string_view text = value < 0 ? "-inf" : "inf";
    return static_cast<char*>(std::memcpy(to, text.data(), text.size())) + text.size();
  }
  const double magnitude = std::fabs(value);
  if (magnitude != 0 && (magnitude < 1e-4 || magnitude >= 1e16)) {
    return std::to_chars(to, to + 32, value, std::chars_format::scientific).ptr;
  }
  char* end = std::to_chars(to, to + 32, value, std::chars_format::fixed).ptr;
  if (std::memchr(to, '.', static_cast<std::size_t>(end - to)) == nullptr) {
    *end++ = '.';
    *end++ = '0';
  }
  return end;
}

}  // namespace clary::algorithms
