// Points that cover the unit cube more evenly than random ones.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace clary::tuning {

// Point `index` of Sobol's sequence (Joe and Kuo's direction numbers, as Boost.Random has them) in
// `dimensions` dimensions, with Owen's scrambling by the seed (the hash of Laine and Karras 2011
// with Burley's constants, 2020): each seed another sequence, each as even as the plain one. In [0,
// 1).
std::vector<double> sobol_point(std::size_t dimensions, std::uint64_t seed, std::uint64_t index);

// Points index .. index + count - 1, one after the other.
std::vector<std::vector<double>> sobol_points(std::size_t dimensions, std::uint64_t seed,
                                              std::uint64_t index, std::size_t count);

}  // namespace clary::tuning
