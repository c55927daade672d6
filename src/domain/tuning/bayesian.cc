#include "domain/tuning/bayesian.h"

#include <algorithm>
#include <cmath>

#include "domain/tuning/acquisition.h"
#include "domain/tuning/enumeration.h"
#include "domain/tuning/generator.h"
#include "domain/tuning/model.h"
#include "domain/tuning/quasi_random.h"

namespace clary::tuning {
namespace {

// Points that are evenly scattered before any model is asked.
std::size_t design_size(const Space& space) {
  return std::min<std::size_t>(7, 3 + space.size());
}

// Of which so many must be known: a model of one value and many pending points is worse than the
// design itself.
constexpr std::size_t kFewestKnown = 5;

bool still_designing(const Space& space, const Known& what) {
  const std::size_t size = design_size(space);
  return what.rows.size() < std::min(kFewestKnown, size) ||
         what.rows.size() + what.pending.size() < size;
}

std::vector<Point> taken_points(const History& history) {
  std::vector<Point> taken = history.pending;
  for (const Observation& observation : history.observations) taken.push_back(observation.point);
  return taken;
}

// `point`, or in a finite space where it is taken another that is not.
Point fresh(const Space& space, Point point, const std::vector<Point>& taken, std::uint64_t seed,
            std::uint64_t index) {
  if (!space.count() || std::ranges::find(taken, point) == taken.end()) return point;
  return untried(space, Generator(seed, mixed_bits(index)).bits(), taken).value_or(point);
}

// Whether two jobs would be too alike to run at the same time. A model that is sure of a smooth
// objective would place all of them at its minimum.
bool alike(const std::vector<double>& a, const std::vector<double>& b) {
  constexpr double kApart = 0.01;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (std::abs(a[i] - b[i]) > kApart) return false;
  }
  return true;
}

}  // namespace

Point suggest(const Space& space, const History& history, std::uint64_t seed, std::uint64_t index) {
  const auto taken = taken_points(history);
  const Known what = known(space, history);
  if (still_designing(space, what)) {
    return fresh(space, space.from_unit(sobol_point(space.size(), seed, index)), taken, seed,
                 index);
  }
  const auto model = make_model(space, what);
  const auto proposals = most_promising(*model, seed, index, nullptr);
  for (const Proposal& proposal : proposals) {
    Point point = space.from_unit(proposal.unit);
    if (std::ranges::find(taken, point) != taken.end()) continue;
    if (std::ranges::none_of(what.pending,
                             [&](const auto& unit) { return alike(unit, proposal.unit); })) {
      return point;
    }
  }
  return fresh(space, space.from_unit(proposals.front().unit), taken, seed, index);
}

}  // namespace clary::tuning
