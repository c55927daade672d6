#include "domain/tuning/grid_search.h"

#include <numeric>

#include "domain/tuning/enumeration.h"
#include "domain/tuning/generator.h"

namespace clary::tuning {

Checked<std::uint64_t> grid_size(const Space& space, std::uint64_t most) {
  for (std::size_t i = 0; i < space.size(); ++i) {
    if (!space.categorical(i)) {
      return std::unexpected(
          "Grid search supports only categorical hyperparameter ranges, but the range of '" +
          space.parameters()[i].name + "' is not categorical.");
    }
  }
  if (!space.count() || *space.count() > most) {
    return std::unexpected("The grid has more than " + std::to_string(most) +
                           " combinations of hyperparameter values, the most training jobs that a "
                           "tuning job can have.");
  }
  return *space.count();
}

Point grid_point(const Space& space, std::uint64_t seed, std::uint64_t index) {
  // offset + index * stride modulo the count is a bijection when the stride has no common divisor
  // with the count.
  const std::uint64_t count = *space.count();
  Generator generator(seed, 0x67726964);
  const std::uint64_t offset = generator.below(count);
  std::uint64_t stride = 1 + generator.below(count);
  while (std::gcd(stride, count) != 1) ++stride;
  const auto number = (static_cast<unsigned __int128>(index % count) * stride + offset) % count;
  return numbered_point(space, static_cast<std::uint64_t>(number));
}

}  // namespace clary::tuning
