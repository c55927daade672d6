#include "wire/utf8.h"

#include <algorithm>
#include <cstdint>

namespace clary::wire {
namespace {

// Length of the sequence that `lead` begins and the range of its second byte; 0: no lead byte.
struct Lead {
  std::size_t length;
  std::uint8_t low, high;
};

Lead lead_of(std::uint8_t lead) {
  if (lead < 0x80) return {1, 0, 0};
  if (lead < 0xC2) return {0, 0, 0};
  if (lead < 0xE0) return {2, 0x80, 0xBF};
  if (lead == 0xE0) return {3, 0xA0, 0xBF};
  if (lead == 0xED) return {3, 0x80, 0x9F};
  if (lead < 0xF0) return {3, 0x80, 0xBF};
  if (lead == 0xF0) return {4, 0x90, 0xBF};
  if (lead < 0xF4) return {4, 0x80, 0xBF};
  if (lead == 0xF4) return {4, 0x80, 0x8F};
  return {0, 0, 0};
}

}  // namespace

bool valid_utf8(std::string_view text) {
  const auto byte = [&](std::size_t at) { return static_cast<std::uint8_t>(text[at]); };
  for (std::size_t at = 0; at < text.size();) {
    const Lead lead = lead_of(byte(at));
    if (lead.length == 0 || at + lead.length > text.size()) return false;
    for (std::size_t i = 1; i < lead.length; ++i) {
      const std::uint8_t low = i == 1 ? lead.low : 0x80;
      const std::uint8_t high = i == 1 ? lead.high : 0xBF;
      if (byte(at + i) < low || byte(at + i) > high) return false;
    }
    at += lead.length;
  }
  return true;
}

std::size_t code_points(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  }));
}

}  // namespace clary::wire
