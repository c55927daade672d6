// Random numbers that are the same bits on every run and build: the distributions of <random> are
// not specified to the bit, so these are written out.
#pragma once

#include <cmath>
#include <cstdint>
#include <numbers>

namespace clary::tuning {

// Vigna's splitmix64 finaliser: a bijection whose output bits all depend on all input bits.
constexpr std::uint64_t mixed_bits(std::uint64_t bits) {
  bits = (bits ^ (bits >> 30)) * 0xbf58476d1ce4e5b9ULL;
  bits = (bits ^ (bits >> 27)) * 0x94d049bb133111ebULL;
  return bits ^ (bits >> 31);
}

// splitmix64 (Steele, Lea, Flood 2014), seeded by two words: which search, and which of its points.
class Generator {
 public:
  Generator(std::uint64_t seed, std::uint64_t stream)
      : state_(mixed_bits(seed + 0x9e3779b97f4a7c15ULL) ^ mixed_bits(~stream)) {}

  std::uint64_t bits() {
    state_ += 0x9e3779b97f4a7c15ULL;
    return mixed_bits(state_);
  }

  // In [0, 1), 53 bits.
  double uniform() { return static_cast<double>(bits() >> 11) * 0x1p-53; }

  // In [0, bound), bound > 0. The bias is below bound / 2^64.
  std::uint64_t below(std::uint64_t bound) {
    return static_cast<std::uint64_t>((static_cast<unsigned __int128>(bits()) * bound) >> 64);
  }

  // Box and Muller's transform, without keeping the second number.
  double normal() {
    const double radius = std::sqrt(-2 * std::log(1 - uniform()));
    return radius * std::cos(2 * std::numbers::pi * uniform());
  }

 private:
  std::uint64_t state_;
};

}  // namespace clary::tuning
