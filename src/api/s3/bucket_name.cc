#include "api/s3/bucket_name.h"

#include <algorithm>
#include <array>

namespace clary::api::s3 {
namespace {

constexpr std::array<std::string_view, 3> kForbiddenPrefixes{"xn--", "sthree-", "amzn-s3-demo-"};
constexpr std::array<std::string_view, 5> kForbiddenSuffixes{"-s3alias", "--ol-s3", ".mrap",
                                                             "--x-s3", "--table-s3"};

bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

// 192.168.5.4
bool looks_like_address(std::string_view name) {
  return std::ranges::count(name, '.') == 3 &&
         std::ranges::all_of(name, [](char c) { return c == '.' || (c >= '0' && c <= '9'); });
}

}  // namespace

bool valid_bucket_name(std::string_view name) {
  if (name.size() < 3 || name.size() > 63) return false;
  if (!is_letter_or_digit(name.front()) || !is_letter_or_digit(name.back())) return false;
  for (const char c : name) {
    if (!is_letter_or_digit(c) && c != '-' && c != '.') return false;
  }
  if (name.find("..") != std::string_view::npos || looks_like_address(name)) return false;
  return std::ranges::none_of(kForbiddenPrefixes,
                              [&](std::string_view start) { return name.starts_with(start); }) &&
         std::ranges::none_of(kForbiddenSuffixes,
                              [&](std::string_view end) { return name.ends_with(end); });
}

}  // namespace clary::api::s3
