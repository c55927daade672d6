#include "domain/tuning/model.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "domain/tuning/generator.h"
#include "domain/tuning/minimize.h"

namespace clary::tuning {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

// Beyond this many rows hyperparameters are fitted to a part of them, and transforms compared on a
// smaller part; all count in the posterior.
constexpr std::size_t kMostFitted = 90;
constexpr std::size_t kMostCompared = 60;

// Normal priors of the log hyperparameters, and the box they stay in.
struct Priors {
  VectorXd mean, deviation, low, high;
};

Priors priors_of(const FeatureLayout& layout) {
  const Index count = layout.hyperparameters();
  Priors priors{VectorXd::Zero(count), VectorXd::Ones(count), VectorXd::Zero(count),
                VectorXd::Zero(count)};
  // Distances grow with the root of the number of dimensions, and so should length scales
  // (Hvarfner, Hellsten and Nardi 2024).
  const double scale = std::log(0.2) + 0.5 * std::log(static_cast<double>(layout.scales));
  priors.mean.head(layout.scales).setConstant(scale);
  priors.deviation.head(layout.scales).setConstant(1.0);
  // Whoever transfers expects tasks to be alike: a correlation of a half, in the middle.
  if (layout.task_scale >= 0) priors.mean[layout.task_scale] = 0;
  priors.low.head(layout.scales).setConstant(std::log(0.005));
  priors.high.head(layout.scales).setConstant(std::log(50.0));
  priors.mean[layout.signal()] = 0;
  priors.deviation[layout.signal()] = 1.0;
  priors.low[layout.signal()] = std::log(0.02);
  priors.high[layout.signal()] = std::log(50.0);
  priors.mean[layout.noise()] = std::log(1e-5);
  priors.deviation[layout.noise()] = 4;
  priors.low[layout.noise()] = std::log(1e-8);
  priors.high[layout.noise()] = std::log(2.0);
  for (int warp = 0; warp < layout.warps; ++warp) {
    for (Index i = layout.warping(warp); i < layout.warping(warp) + 2; ++i) {
      priors.deviation[i] = 0.35;
      priors.low[i] = std::log(0.25);
      priors.high[i] = std::log(4.0);
    }
  }
  return priors;
}

// The numbers of the values, the smallest value first, of equal ones the earlier.
template <typename Values>
std::vector<Index> ascending(const Values& values) {
  std::vector<std::pair<double, Index>> pairs;
  for (Index i = 0; i < static_cast<Index>(std::size(values)); ++i)
    pairs.emplace_back(values[i], i);
  std::ranges::sort(pairs);
  std::vector<Index> order;
  for (const auto& [_, i] : pairs) order.push_back(i);
  return order;
}

std::vector<Known::Row> rows_of(const Space& space, const Observation& observation,
                                std::size_t task) {
  if (observation.outcome == Outcome::kFailed || !std::isfinite(observation.objective)) return {};
  auto unit = space.to_unit(observation.point);
  // What a parent saw far outside the ranges of today says nothing about them.
  if (!unit || std::ranges::any_of(*unit, [](double u) { return u < -1 || u > 2; })) return {};
  return {{std::move(*unit), observation.objective, task}};
}

// The first half of `most` as they come, then every so-manieth of the rest.
std::vector<Index> some_of(const std::vector<Index>& order, std::size_t most) {
  if (order.size() <= most) return order;
  const std::size_t first = most / 2, rest = order.size() - first, wanted = most - first;
  std::vector<Index> some(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(first));
  for (std::size_t i = 0; i < wanted; ++i) some.push_back(order[first + i * rest / wanted]);
  return some;
}

// The better half of `most` rows, and some of the others.
std::vector<Known::Row> thinned(std::vector<Known::Row> rows, std::size_t most) {
  if (rows.size() <= most) return rows;
  VectorXd objectives(static_cast<Index>(rows.size()));
  for (std::size_t i = 0; i < rows.size(); ++i)
    objectives[static_cast<Index>(i)] = rows[i].objective;
  std::vector<Known::Row> kept;
  for (const Index i : some_of(ascending(objectives), most)) {
    kept.push_back(std::move(rows[static_cast<std::size_t>(i)]));
  }
  return kept;
}

void add_priors(const Space& space, const History& history, Known& known) {
  std::vector<std::size_t> parents;
  std::vector<Known::Row> identical;
  for (const PriorObservation& prior : history.prior) {
    if (prior.kind == WarmStart::kIdentical) {
      const auto rows = rows_of(space, prior.observation, 0);
      identical.insert(identical.end(), rows.begin(), rows.end());
    } else if (std::ranges::find(parents, prior.parent) == parents.end()) {
      parents.push_back(prior.parent);
    }
  }
  for (auto& row : thinned(std::move(identical), kMostPriors)) known.rows.push_back(std::move(row));
  known.own = known.rows.size();
  for (const std::size_t parent : parents) {
    std::vector<Known::Row> rows;
    for (const PriorObservation& prior : history.prior) {
      if (prior.kind != WarmStart::kTransfer || prior.parent != parent) continue;
      const auto more = rows_of(space, prior.observation, known.tasks);
      rows.insert(rows.end(), more.begin(), more.end());
    }
    // One value has no scale.
    if (rows.size() < 2) continue;
    rows = thinned(std::move(rows), kMostPriors / parents.size());
    std::ranges::move(rows, std::back_inserter(known.rows));
    ++known.tasks;
  }
}

// The targets of rows of other tasks, each task in units of its own.
void fill_transferred(const Known& known, VectorXd& targets) {
  for (std::size_t task = 1; task < known.tasks; ++task) {
    std::vector<double> objectives;
    for (const auto& row : known.rows) {
      if (row.task == task) objectives.push_back(row.objective);
    }
    const auto units = standardised(objectives);
    std::size_t next = 0;
    for (std::size_t i = known.own; i < known.rows.size(); ++i) {
      if (known.rows[i].task == task) targets[static_cast<Index>(i)] = units[next++];
    }
  }
}

std::vector<double> own_objectives(const Known& known) {
  std::vector<double> objectives;
  for (std::size_t i = 0; i < known.own; ++i) objectives.push_back(known.rows[i].objective);
  return objectives;
}

VectorXd targets_of(const Known& known, const OutputTransform& transform) {
  VectorXd targets(static_cast<Index>(known.rows.size()));
  for (std::size_t i = 0; i < known.own; ++i) {
    targets[static_cast<Index>(i)] = transform(known.rows[i].objective);
  }
  fill_transferred(known, targets);
  return targets;
}

// Which rows hyperparameters are fitted to: the best of the own ones, which matter most, and some
// of all others.
std::vector<Index> fitted_rows(const Known& known, const VectorXd& targets,
                               std::size_t most = kMostFitted) {
  std::vector<Index> rows = ascending(targets.head(static_cast<Index>(known.own)));
  for (std::size_t i = known.own; i < known.rows.size(); ++i) rows.push_back(static_cast<Index>(i));
  rows = some_of(rows, most);
  std::ranges::sort(rows);
  return rows;
}

MatrixXd points_of(const Encoder& encoder, const Known& known) {
  MatrixXd points(static_cast<Index>(known.rows.size()), encoder.layout().features());
  Eigen::RowVectorXd row(points.cols());
  for (std::size_t i = 0; i < known.rows.size(); ++i) {
    encoder.encode(known.rows[i].unit, known.rows[i].task, row);
    points.row(static_cast<Index>(i)) = row;
  }
  return points;
}

struct Choice {
  OutputTransform transform;
  VectorXd hyperparameters;
};

// The transform and hyperparameters under which the own objectives are most probable.
Choice choose(const Known& known, const FeatureLayout& layout, const MatrixXd& points) {
  const auto objectives = own_objectives(known);
  if (objectives.empty()) {
    const VectorXd targets = targets_of(known, {});
    const auto rows = fitted_rows(known, targets);
    const std::vector<VectorXd> starts = {prior_middle(layout)};
    return {{}, fitted(layout, points(rows, Eigen::all), targets(rows), starts, 40, nullptr)};
  }
  const auto candidates = candidate_transforms(objectives);
  Choice best;
  double most = -std::numeric_limits<double>::infinity();
  std::vector<VectorXd> starts = {prior_middle(layout)};
  for (const OutputTransform& transform : candidates) {
    const VectorXd targets = targets_of(known, transform);
    const auto rows = fitted_rows(known, targets, kMostCompared);
    std::vector<double> used;
    for (const Index row : rows) {
      if (row < static_cast<Index>(known.own))
        used.push_back(objectives[static_cast<std::size_t>(row)]);
    }
    double density = 0;
    VectorXd hyper = fitted(layout, points(rows, Eigen::all), targets(rows), starts, 14, &density);
    density += transform.log_jacobian(used);
    if (best.hyperparameters.size() == 0 || density > most) {
      most = density;
      best = {transform, hyper};
    }
    starts = {best.hyperparameters};
  }
  const VectorXd targets = targets_of(known, best.transform);
  const auto rows = fitted_rows(known, targets);
  const std::vector<VectorXd> last = {best.hyperparameters};
  best.hyperparameters = fitted(layout, points(rows, Eigen::all), targets(rows), last, 14, nullptr);
  return best;
}

MatrixXd stacked(const MatrixXd& upper, const MatrixXd& lower) {
  MatrixXd result(upper.rows() + lower.rows(), upper.cols());
  result << upper, lower;
  return result;
}

// Like Posterior::make, with as much more noise as it takes.
Posterior posterior_of(const FeatureLayout& layout, const MatrixXd& points, const VectorXd& targets,
                       VectorXd hyper) {
  for (;;) {
    if (auto posterior = Posterior::make(layout, points, targets, hyper)) return *posterior;
    hyper[layout.noise()] += std::log(10.0);
  }
}

}  // namespace

Known known(const Space& space, const History& history) {
  Known known;
  for (const Observation& observation : history.observations) {
    auto rows = rows_of(space, observation, 0);
    if (!rows.empty()) {
      known.rows.push_back(std::move(rows.front()));
    } else if (auto unit = space.to_unit(observation.point)) {
      known.failed.push_back(std::move(*unit));
    }
  }
  known.own = known.rows.size();
  add_priors(space, history, known);
  for (const Point& point : history.pending) {
    if (auto unit = space.to_unit(point)) known.pending.push_back(std::move(*unit));
  }
  return known;
}

VectorXd prior_middle(const FeatureLayout& layout) {
  VectorXd middle = priors_of(layout).mean;
  middle[layout.noise()] = std::log(1e-3);
  return middle;
}

VectorXd fitted(const FeatureLayout& layout, const MatrixXd& points, const VectorXd& targets,
                std::span<const VectorXd> starts, int evaluations, double* density) {
  const Priors priors = priors_of(layout);
  const Smooth negative = [&](const VectorXd& hyper, VectorXd* gradient) {
    const double evidence = log_evidence(layout, points, targets, hyper, gradient);
    const VectorXd away = (hyper - priors.mean).cwiseQuotient(priors.deviation);
    if (gradient != nullptr) *gradient = -*gradient + away.cwiseQuotient(priors.deviation);
    return -evidence + 0.5 * away.squaredNorm();
  };
  Minimum best;
  for (const VectorXd& start : starts) {
    const Minimum found = minimize(negative, start, priors.low, priors.high,
                                   evaluations / static_cast<int>(starts.size()));
    if (best.x.size() == 0 || found.value < best.value) best = found;
  }
  if (density != nullptr) *density = -best.value;
  return best.x;
}

std::optional<Model> make_model(const Space& space, const Known& known) {
  if (known.rows.empty()) return std::nullopt;
  const Encoder encoder(space, known.tasks);
  const FeatureLayout& layout = encoder.layout();
  MatrixXd points = points_of(encoder, known);
  const Choice choice = choose(known, layout, points);
  VectorXd targets = targets_of(known, choice.transform);
  const double worst = targets.maxCoeff();
  Posterior posterior = posterior_of(layout, points, targets, choice.hyperparameters);

  const auto task0 = static_cast<Index>(known.own > 0 ? known.own : known.rows.size());
  MatrixXd own = points.topRows(task0);
  if (known.own == 0) {
    for (Index i = 0; i < task0; ++i) {
      own.row(i) = encoder.encode({known.rows[static_cast<std::size_t>(i)].unit}, 0);
    }
  }
  const VectorXd means = posterior.means(own);
  const std::vector<Index> order = ascending(means);
  double best = means[order.front()];

  if (!known.failed.empty() || !known.pending.empty()) {
    const MatrixXd failed = encoder.encode(known.failed), pending = encoder.encode(known.pending);
    VectorXd all(targets.size() + failed.rows() + pending.rows());
    const VectorXd believed = pending.rows() > 0 ? posterior.means(pending) : VectorXd();
    all << targets, VectorXd::Constant(failed.rows(), worst), believed;
    if (believed.size() > 0) best = std::min(best, believed.minCoeff());
    points = stacked(stacked(points, failed), pending);
    posterior = posterior_of(layout, points, all, choice.hyperparameters);
  }
  Model model{encoder, choice.transform, std::move(posterior), best, {}};
  for (const Index i : order) model.good.push_back(known.rows[static_cast<std::size_t>(i)].unit);
  return model;
}

}  // namespace clary::tuning
