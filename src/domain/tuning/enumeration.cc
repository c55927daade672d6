#include "domain/tuning/enumeration.h"

#include <algorithm>
#include <set>

namespace clary::tuning {

Point numbered_point(const Space& space, std::uint64_t number) {
  Point point(space.size());
  for (std::size_t i = space.size(); i-- > 0;) {
    const std::uint64_t count = space.values_of(i);
    const std::uint64_t digit = number % count;
    number /= count;
    const auto& range = space.parameters()[i].range;
    if (const auto* names = std::get_if<Categorical>(&range)) {
      point[i] = names->values[digit];
    } else if (const auto* whole = std::get_if<Integer>(&range)) {
      point[i] = whole->min + static_cast<std::int64_t>(digit);
    } else {
      point[i] = std::get<Continuous>(range).min;
    }
  }
  return point;
}

std::optional<Point> untried(const Space& space, std::uint64_t start,
                             std::span<const Point> taken) {
  if (!space.count()) return std::nullopt;
  const std::set<Point> known(taken.begin(), taken.end());
  const std::uint64_t count = *space.count();
  const std::uint64_t tries = std::min<std::uint64_t>(count, known.size() + 1);
  for (std::uint64_t i = 0; i < tries; ++i) {
    Point point = numbered_point(space, (start % count + i) % count);
    if (!known.contains(point)) return point;
  }
  return std::nullopt;
}

}  // namespace clary::tuning
