#include "base/random.h"

#include <sys/random.h>

#include <algorithm>
#include <array>
#include <stdexcept>
#include <string_view>
#include <vector>

namespace clary {
namespace {
constexpr char kHex[] = "0123456789abcdef";
}

void fill_random(std::span<std::byte> buffer) {
  std::size_t filled = 0;
  while (filled < buffer.size()) {
    const ssize_t got = getrandom(buffer.data() + filled, buffer.size() - filled, 0);
    if (got < 0) throw std::runtime_error("getrandom failed");
    filled += static_cast<std::size_t>(got);
  }
}

std::string random_hex(std::size_t bytes) {
  std::vector<std::byte> raw(bytes);
  fill_random(raw);
  std::string text;
  text.reserve(bytes * 2);
  for (const std::byte byte : raw) {
    text.push_back(kHex[std::to_integer<unsigned>(byte) >> 4]);
    text.push_back(kHex[std::to_integer<unsigned>(byte) & 15]);
  }
  return text;
}

std::string random_id(std::size_t characters) {
  constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  std::vector<std::byte> raw(characters);
  fill_random(raw);
  std::string text;
  text.reserve(characters);
  for (const std::byte byte : raw) text.push_back(kAlphabet[std::to_integer<unsigned>(byte) & 31]);
  return text;
}

std::string random_uuid() {
  // A pool per thread: one system call serves 64 ids.
  thread_local std::array<std::byte, 1024> pool;
  thread_local std::size_t used = pool.size();
  if (used == pool.size()) {
    fill_random(pool);
    used = 0;
  }
  std::array<std::byte, 16> raw{};
  std::copy_n(pool.begin() + static_cast<std::ptrdiff_t>(used), raw.size(), raw.begin());
  used += raw.size();
  raw[6] = (raw[6] & std::byte{0x0f}) | std::byte{0x40};
  raw[8] = (raw[8] & std::byte{0x3f}) | std::byte{0x80};
  std::string text;
  text.reserve(36);
  for (std::size_t i = 0; i < raw.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) text.push_back('-');
    text.push_back(kHex[std::to_integer<unsigned>(raw[i]) >> 4]);
    text.push_back(kHex[std::to_integer<unsigned>(raw[i]) & 15]);
  }
  return text;
}

}  // namespace clary
