#include "domain/tuning/quasi_random.h"

#include <boost/random/sobol.hpp>

#include "domain/tuning/generator.h"

namespace clary::tuning {
namespace {

// Boost's sequence leaves out the point 0 of the plain one; so does ours.
using Engine = boost::random::sobol_engine<std::uint32_t, 32>;

std::uint32_t reversed(std::uint32_t bits) {
  bits = ((bits >> 1) & 0x55555555U) | ((bits & 0x55555555U) << 1);
  bits = ((bits >> 2) & 0x33333333U) | ((bits & 0x33333333U) << 2);
  bits = ((bits >> 4) & 0x0f0f0f0fU) | ((bits & 0x0f0f0f0fU) << 4);
  return __builtin_bswap32(bits);
}

// A hash in which each bit depends only on lower ones: on reversed bits it permutes the tree of
// halvings, which is Owen's scrambling.
std::uint32_t scrambled(std::uint32_t bits, std::uint32_t seed) {
  bits = reversed(bits);
  bits ^= bits * 0x3d20adeaU;
  bits += seed;
  bits *= (seed >> 16) | 1U;
  bits ^= bits * 0x05526c56U;
  bits ^= bits * 0x53a22864U;
  return reversed(bits);
}

}  // namespace

std::vector<std::vector<double>> sobol_points(std::size_t dimensions, std::uint64_t seed,
                                              std::uint64_t index, std::size_t count) {
  Engine engine(dimensions);
  engine.discard(index * dimensions);
  std::vector<std::uint32_t> seeds;
  Generator generator(seed, 0x736f626f6c);
  for (std::size_t d = 0; d < dimensions; ++d) {
    seeds.push_back(static_cast<std::uint32_t>(generator.bits() >> 32));
  }
  std::vector<std::vector<double>> points(count, std::vector<double>(dimensions));
  for (auto& point : points) {
    for (std::size_t d = 0; d < dimensions; ++d) point[d] = scrambled(engine(), seeds[d]) * 0x1p-32;
  }
  return points;
}

std::vector<double> sobol_point(std::size_t dimensions, std::uint64_t seed, std::uint64_t index) {
  return sobol_points(dimensions, seed, index, 1).front();
}

}  // namespace clary::tuning
