#include "domain/tuning/random_search.h"

#include <algorithm>
#include <vector>

#include "domain/tuning/enumeration.h"
#include "domain/tuning/generator.h"

namespace clary::tuning {
namespace {

constexpr std::uint64_t kStream = 0x72616e646f6d;

Point draw(const Space& space, Generator& generator) {
  std::vector<double> unit(space.size());
  for (double& u : unit) u = generator.uniform();
  return space.from_unit(unit);
}

}  // namespace

Point random_point(const Space& space, std::uint64_t seed, std::uint64_t index) {
  Generator generator(seed, mixed_bits(kStream) + index);
  return draw(space, generator);
}

Point random_point(const Space& space, std::uint64_t seed, std::uint64_t index,
                   std::span<const Point> taken) {
  Generator generator(seed, mixed_bits(kStream) + index);
  const Point first = draw(space, generator);
  if (!space.count() || std::ranges::find(taken, first) == taken.end()) return first;
  constexpr int kTries = 32;
  for (int i = 0; i < kTries; ++i) {
    Point point = draw(space, generator);
    if (std::ranges::find(taken, point) == taken.end()) return point;
  }
  return untried(space, generator.bits(), taken).value_or(first);
}

}  // namespace clary::tuning
