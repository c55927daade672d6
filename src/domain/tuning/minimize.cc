#include "domain/tuning/minimize.h"

#include <cmath>
#include <deque>
#include <vector>

namespace clary::tuning {
namespace {

using Eigen::VectorXd;

constexpr std::size_t kMemory = 8;
constexpr double kSmallGradient = 1e-6;
constexpr double kSmallGain = 1e-9;

struct Step {
  VectorXd s, y;
  double rho;
};

VectorXd projected(const VectorXd& x, const VectorXd& low, const VectorXd& high) {
  return x.cwiseMax(low).cwiseMin(high);
}

// The gradient without what points out of the box at its faces.
VectorXd free_gradient(const VectorXd& x, const VectorXd& gradient, const VectorXd& low,
                       const VectorXd& high) {
  VectorXd free = gradient;
  for (Eigen::Index i = 0; i < x.size(); ++i) {
    if ((x[i] <= low[i] && gradient[i] > 0) || (x[i] >= high[i] && gradient[i] < 0)) free[i] = 0;
  }
  return free;
}

// Nocedal and Wright's algorithm 7.4, with coordinates that the box holds left out.
VectorXd direction(const std::deque<Step>& steps, const VectorXd& free) {
  VectorXd q = free;
  std::vector<double> alphas(steps.size());
  for (std::size_t i = steps.size(); i-- > 0;) {
    alphas[i] = steps[i].rho * steps[i].s.dot(q);
    q -= alphas[i] * steps[i].y;
  }
  if (!steps.empty()) q *= 1 / (steps.back().rho * steps.back().y.squaredNorm());
  for (std::size_t i = 0; i < steps.size(); ++i) {
    q += (alphas[i] - steps[i].rho * steps[i].y.dot(q)) * steps[i].s;
  }
  for (Eigen::Index i = 0; i < q.size(); ++i) {
    if (free[i] == 0) q[i] = 0;
  }
  return -q;
}

}  // namespace

Minimum minimize(const Smooth& function, const VectorXd& start, const VectorXd& low,
                 const VectorXd& high, int evaluations) {
  Minimum best{projected(start, low, high), 0};
  VectorXd gradient(start.size());
  best.value = function(best.x, &gradient);
  if (!std::isfinite(best.value)) return best;
  std::deque<Step> steps;
  while (--evaluations > 0) {
    const VectorXd free = free_gradient(best.x, gradient, low, high);
    if (free.lpNorm<Eigen::Infinity>() < kSmallGradient) break;
    VectorXd way = direction(steps, free);
    if (way.dot(free) > -1e-12 * way.norm() * free.norm()) {
      steps.clear();
      way = -free;
    }
    // The first step goes a tenth of the box at most: nothing is known of the scale.
    double length = 1;
    if (steps.empty()) {
      length = std::min(1.0, 0.1 * (high - low).minCoeff() / way.lpNorm<Eigen::Infinity>());
      if (!(length > 0)) length = 1e-3;
    }
    VectorXd next_gradient(start.size());
    bool moved = false;
    for (; evaluations > 0; --evaluations, length *= 0.3) {
      const VectorXd next = projected(best.x + length * way, low, high);
      const VectorXd step = next - best.x;
      if (step.lpNorm<Eigen::Infinity>() < 1e-12) break;
      const double value = function(next, &next_gradient);
      if (!std::isfinite(value) || value > best.value + 1e-4 * free.dot(step)) continue;
      const VectorXd change = next_gradient - gradient;
      const double curvature = change.dot(step);
      if (curvature > 1e-10 * change.norm() * step.norm()) {
        steps.push_back({step, change, 1 / curvature});
        if (steps.size() > kMemory) steps.pop_front();
      }
      moved = best.value - value > kSmallGain * (1 + std::abs(value));
      best = {next, value};
      gradient = next_gradient;
      break;
    }
    if (!moved) break;
  }
  return best;
}

}  // namespace clary::tuning
