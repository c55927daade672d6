#include "domain/tuning/acquisition.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

#include "domain/tuning/generator.h"
#include "domain/tuning/minimize.h"
#include "domain/tuning/quasi_random.h"

namespace clary::tuning {
namespace {

using Eigen::Index;
using Eigen::VectorXd;
using Unit = std::vector<double>;

constexpr double kSmallestVariance = 1e-14;

// The upper tail of the normal distribution over its density (Mills' ratio), for u >= 0.
double mills(double u) {
  if (u < 5) {
    return std::sqrt(std::numbers::pi / 2) * std::exp(u * u / 2) *
           std::erfc(u / std::numbers::sqrt2);
  }
  double tail = u;
  for (int k = 40; k > 0; --k) tail = u + k / tail;
  return 1 / tail;
}

// log h(u) with h(u) = phi(u) + u Phi(u), and h'(u) / h(u) = Phi(u) / h(u).
struct LogH {
  double value, slope;
};

LogH log_h(double u) {
  const double log_density = -0.5 * u * u - 0.5 * std::log(2 * std::numbers::pi);
  if (u > -1) {
    const double density = std::exp(log_density);
    const double below = 0.5 * std::erfc(-u / std::numbers::sqrt2);
    const double h = density + u * below;
    return {std::log(h), below / h};
  }
  const double a = -u, ratio = mills(a);
  // 1 - a mills(a), whose digits cancel when a is large.
  const double rest = a < 1e3 ? 1 - a * ratio : 1 / (a * a);
  return {log_density + std::log(rest), ratio / rest};
}

// The log of the augmented expected improvement at a place, with its derivatives.
struct Score {
  double value, by_mean, by_variance;
};

Score score(const Model& model, const Prediction& at) {
  const double variance = std::max(at.variance, kSmallestVariance);
  const double deviation = std::sqrt(variance);
  const auto improvement = log_expected_improvement(at.mean, deviation, model.best);
  const auto augmentation = log_augmentation(variance, model.posterior.noise());
  const double by_variance =
      at.variance > kSmallestVariance
          ? improvement.by_deviation / (2 * deviation) + augmentation.by_variance
          : 0;
  return {improvement.value + augmentation.value, improvement.by_mean, by_variance};
}

std::vector<Proposal> best_first(std::vector<Proposal> proposals) {
  std::vector<std::pair<double, std::size_t>> order;
  for (std::size_t i = 0; i < proposals.size(); ++i) {
    order.emplace_back(-proposals[i].log_improvement, i);
  }
  std::ranges::sort(order);
  std::vector<Proposal> sorted;
  for (const auto& [_, i] : order) sorted.push_back(std::move(proposals[i]));
  return sorted;
}

// How much work, by how much a prediction costs.
struct Effort {
  std::size_t scattered, near;
  std::size_t starts;
  int evaluations;
};

Effort effort(std::size_t known, std::size_t dimensions) {
  const auto n = static_cast<double>(std::max<std::size_t>(known, 20));
  // Candidates cost n^2 each.
  const auto candidates = static_cast<std::size_t>(std::clamp(2.4e7 / (n * n), 160.0, 1500.0));
  const std::size_t starts = n <= 100 ? 8 : n <= 200 ? 4 : 3;
  const int evaluations = dimensions <= 4 ? 25 : 40;
  return {candidates / 2, candidates - candidates / 2, starts, evaluations};
}

class Search {
 public:
  Search(const Model& model, std::uint64_t seed, std::uint64_t index, const Region* region)
      : model_(model),
        space_(model.encoder.space()),
        effort_(effort(model.good.size(), space_.size())),
        generator_(seed, mixed_bits(0x616371) + index),
        low_(space_.size(), 0.0),
        high_(space_.size(), 1.0) {
    if (region != nullptr) {
      low_ = region->low;
      high_ = region->high;
    }
  }

  std::vector<Unit> candidates(std::uint64_t seed, std::uint64_t index);
  std::vector<Proposal> ranked(std::vector<Unit> candidates) const;
  Proposal improved(Proposal start) const;
  std::size_t starts() const { return effort_.starts; }

 private:
  Unit neighbour(const Unit& center, double reach);
  void snap(Unit& unit) const;
  bool inside(std::size_t i, double u) const {
    return space_.categorical(i) || (u >= low_[i] && u <= high_[i]);
  }
  // L-BFGS over the continuous parameters, the others held.
  Proposal smoothly_improved(const Proposal& start) const;
  // The best single step of an integer or change of a category; the start when none is better.
  Proposal stepped(const Proposal& start) const;

  const Model& model_;
  const Space& space_;
  Effort effort_;
  Generator generator_;
  Unit low_, high_;
};

void Search::snap(Unit& unit) const {
  for (std::size_t i = 0; i < unit.size(); ++i) unit[i] = space_.snapped(i, unit[i]);
}

Unit Search::neighbour(const Unit& center, double reach) {
  Unit unit = center;
  const double share = std::max(1.0 / static_cast<double>(unit.size()), 0.35);
  const std::size_t always = generator_.below(unit.size());
  for (std::size_t i = 0; i < unit.size(); ++i) {
    const bool moves = generator_.uniform() < share || i == always;
    const double normal = generator_.normal(), fresh = generator_.uniform();
    if (!moves) continue;
    if (space_.categorical(i)) {
      if (reach > 0.05 || i == always) unit[i] = fresh;
    } else {
      unit[i] = std::clamp(unit[i] + reach * (high_[i] - low_[i]) * normal, low_[i], high_[i]);
    }
  }
  return unit;
}

std::vector<Unit> Search::candidates(std::uint64_t seed, std::uint64_t index) {
  std::vector<Unit> result =
      sobol_points(space_.size(), mixed_bits(seed) ^ index, 0, effort_.scattered);
  for (Unit& unit : result) {
    for (std::size_t i = 0; i < unit.size(); ++i) {
      if (!space_.categorical(i)) unit[i] = low_[i] + unit[i] * (high_[i] - low_[i]);
    }
  }
  constexpr double kReaches[] = {0.3, 0.1, 0.03, 0.01, 0.003};
  const std::size_t centers = std::min<std::size_t>(5, model_.good.size());
  for (std::size_t k = 0; k < effort_.near; ++k) {
    // Half of them round the best.
    const std::size_t which = k % 2 == 0 ? 0 : (k / 2) % centers;
    result.push_back(neighbour(model_.good[which], kReaches[(k / 2) % std::size(kReaches)]));
  }
  for (Unit& unit : result) snap(unit);
  return result;
}

std::vector<Proposal> Search::ranked(std::vector<Unit> candidates) const {
  VectorXd means, variances;
  model_.posterior.predict(model_.encoder.encode(candidates), means, variances);
  std::vector<Proposal> proposals;
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    const auto at = static_cast<Index>(i);
    const double value = score(model_, {means[at], variances[at]}).value;
    proposals.push_back({std::move(candidates[i]), value});
  }
  return best_first(std::move(proposals));
}

Proposal Search::smoothly_improved(const Proposal& start) const {
  std::vector<std::size_t> moving;
  for (std::size_t i = 0; i < space_.size(); ++i) {
    if (space_.values_of(i) == 0) moving.push_back(i);
  }
  if (moving.empty()) return start;
  const auto count = static_cast<Index>(moving.size());
  VectorXd features = model_.encoder.encode(std::vector<Unit>{start.unit}).row(0).transpose();
  VectorXd x(count), low(count), high(count);
  for (Index k = 0; k < count; ++k) {
    const std::size_t i = moving[static_cast<std::size_t>(k)];
    x[k] = start.unit[i];
    low[k] = low_[i];
    high[k] = high_[i];
  }
  VectorXd by_mean, by_variance;
  const Smooth negative = [&](const VectorXd& at, VectorXd* gradient) {
    for (Index k = 0; k < count; ++k) {
      features[model_.encoder.feature_of(moving[static_cast<std::size_t>(k)])] = at[k];
    }
    const Prediction seen = model_.posterior.predict(features, by_mean, by_variance);
    const Score value = score(model_, seen);
    for (Index k = 0; k < count; ++k) {
      const Index f = model_.encoder.feature_of(moving[static_cast<std::size_t>(k)]);
      (*gradient)[k] = -(value.by_mean * by_mean[f] + value.by_variance * by_variance[f]);
    }
    return -value.value;
  };
  const Minimum found = minimize(negative, x, low, high, effort_.evaluations);
  if (!(-found.value > start.log_improvement)) return start;
  Proposal better{start.unit, -found.value};
  for (Index k = 0; k < count; ++k) better.unit[moving[static_cast<std::size_t>(k)]] = found.x[k];
  return better;
}

Proposal Search::stepped(const Proposal& start) const {
  std::vector<Unit> neighbours;
  const auto add = [&](std::size_t i, std::int64_t steps) {
    const auto next = space_.stepped(i, start.unit[i], steps);
    if (!next || !inside(i, *next)) return;
    neighbours.push_back(start.unit);
    neighbours.back()[i] = *next;
  };
  for (std::size_t i = 0; i < space_.size(); ++i) {
    const auto values = static_cast<std::int64_t>(space_.values_of(i));
    if (space_.categorical(i)) {
      for (std::int64_t step = 1 - values; step < values; ++step) {
        if (step != 0) add(i, step);
      }
    } else if (values > 1) {
      for (const std::int64_t step : {std::int64_t{1}, std::int64_t{2}, values / 16, values / 5}) {
        if (step == 0) continue;
        add(i, step);
        add(i, -step);
      }
    }
  }
  if (neighbours.empty()) return start;
  Proposal best = ranked(std::move(neighbours)).front();
  return best.log_improvement > start.log_improvement + 1e-9 ? best : start;
}

Proposal Search::improved(Proposal start) const {
  constexpr int kRounds = 4;
  for (int round = 0; round < kRounds; ++round) {
    const double before = start.log_improvement;
    start = stepped(smoothly_improved(start));
    if (!space_.count() && start.log_improvement - before < 1e-6) break;
    if (start.log_improvement == before) break;
  }
  return start;
}

// Whether two places are so near that a local search would most likely go from both to one.
bool near(const Unit& a, const Unit& b) {
  double furthest = 0;
  for (std::size_t i = 0; i < a.size(); ++i) furthest = std::max(furthest, std::abs(a[i] - b[i]));
  return furthest < 0.02;
}

}  // namespace

LogImprovement log_expected_improvement(double mean, double deviation, double best) {
  const double u = (best - mean) / deviation;
  const LogH h = log_h(u);
  return {std::log(deviation) + h.value, -h.slope / deviation, (1 - h.slope * u) / deviation};
}

LogAugmentation log_augmentation(double variance, double noise) {
  const double seen = noise * noise / (noise + kNoiseSeen);
  const double sum = variance + seen, ratio = std::sqrt(seen / sum);
  // 1 - ratio, with its digits.
  const double share = variance / sum / (1 + ratio);
  return {std::log(share), 0.5 * ratio / sum / share};
}

std::vector<Proposal> most_promising(const Model& model, std::uint64_t seed, std::uint64_t index,
                                     const Region* region) {
  Search search(model, seed, index, region);
  const auto proposals = search.ranked(search.candidates(seed, index));
  std::vector<Proposal> starts;
  for (const Proposal& proposal : proposals) {
    if (starts.size() >= search.starts()) break;
    const bool new_place = std::ranges::none_of(
        starts, [&](const Proposal& start) { return near(start.unit, proposal.unit); });
    if (new_place) starts.push_back(proposal);
  }
  for (Proposal& start : starts) start = search.improved(std::move(start));
  auto places = best_first(std::move(starts));
  constexpr std::size_t kSpare = 64;
  places.insert(
      places.end(), proposals.begin(),
      proposals.begin() + static_cast<std::ptrdiff_t>(std::min(kSpare, proposals.size())));
  return places;
}

}  // namespace clary::tuning
