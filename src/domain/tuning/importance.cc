#include "domain/tuning/importance.h"

#include <algorithm>
#include <cmath>

#include "domain/tuning/model.h"
#include "domain/tuning/quasi_random.h"

namespace clary::tuning {
namespace {

constexpr std::size_t kSamples = 256;
constexpr std::size_t kFewest = 4;

using Units = std::vector<std::vector<double>>;

Eigen::VectorXd means_at(const Space& space, const Model& model, Units units) {
  for (auto& unit : units) {
    for (std::size_t i = 0; i < unit.size(); ++i) unit[i] = space.snapped(i, unit[i]);
  }
  return model.posterior.means(model.encoder.encode(units));
}

}  // namespace

std::vector<double> importance(const Space& space, const History& history, std::uint64_t seed) {
  std::vector<double> shares(space.size(), 0);
  const Known what = known(space, history);
  if (what.own < kFewest) return shares;
  const auto [least, most] = std::minmax_element(
      what.rows.begin(), what.rows.begin() + static_cast<std::ptrdiff_t>(what.own),
      [](const auto& a, const auto& b) { return a.objective < b.objective; });
  if (least->objective == most->objective) return shares;
  const auto model = make_model(space, what);
  // Two independent samples are the halves of one sequence's coordinates.
  const Units both = sobol_points(2 * space.size(), seed, 0, kSamples);
  Units first(kSamples), second(kSamples);
  for (std::size_t k = 0; k < kSamples; ++k) {
    const auto middle = both[k].begin() + static_cast<std::ptrdiff_t>(space.size());
    first[k].assign(both[k].begin(), middle);
    second[k].assign(middle, both[k].end());
  }
  const Eigen::VectorXd base = means_at(space, *model, first);
  double sum = 0;
  for (std::size_t i = 0; i < space.size(); ++i) {
    Units changed = first;
    for (std::size_t k = 0; k < kSamples; ++k) changed[k][i] = second[k][i];
    shares[i] = (base - means_at(space, *model, std::move(changed))).squaredNorm();
    sum += shares[i];
  }
  if (!(sum > 0)) return std::vector<double>(space.size(), 0);
  for (double& share : shares) share /= sum;
  return shares;
}

}  // namespace clary::tuning
