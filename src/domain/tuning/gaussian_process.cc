#include "domain/tuning/gaussian_process.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <utility>

namespace clary::tuning {
namespace {

using Eigen::ArrayXXd;
using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

constexpr double kRoot5 = 2.23606797749978969641;
// Kumaraswamy's derivatives have no bound at the ends.
constexpr double kEdge = 1e-6;

// w(x) with derivatives by x, log a and log b. Outside [0, 1] (parents' points) it goes on as the
// identity does, shifted: monotone, and of no consequence inside.
struct Warped {
  double value, by_x, by_log_a, by_log_b;
};

Warped warped(double x, double a, double b) {
  if (x < 0 || x > 1) return {x, 1, 0, 0};
  const double inside = std::clamp(x, kEdge, 1 - kEdge);
  const double log_x = std::log(inside);
  const double power = std::exp(a * log_x);
  const double rest = 1 - power;
  const double log_rest = std::log1p(-power);
  const double tail = std::exp(b * log_rest);
  return {1 - tail, a * b * (power / inside) * (tail / rest), a * b * power * log_x * (tail / rest),
          -b * log_rest * tail};
}

struct Inputs {
  MatrixXd values;                    // warped, not yet divided by length scales
  MatrixXd by_x, by_log_a, by_log_b;  // filled for warped features only, when asked for
};

Inputs warp(const FeatureLayout& layout, const MatrixXd& points, const VectorXd& hyper,
            bool derivatives) {
  Inputs inputs{points, {}, {}, {}};
  if (derivatives) {
    inputs.by_x = MatrixXd::Ones(points.rows(), points.cols());
    inputs.by_log_a = inputs.by_log_b = MatrixXd::Zero(points.rows(), points.cols());
  }
  for (Index f = 0; f < layout.features(); ++f) {
    const int which = layout.warp_of[static_cast<std::size_t>(f)];
    if (which < 0) continue;
    const double a = std::exp(hyper[layout.warping(which)]);
    const double b = std::exp(hyper[layout.warping(which) + 1]);
    for (Index i = 0; i < points.rows(); ++i) {
      const Warped at = warped(points(i, f), a, b);
      inputs.values(i, f) = at.value;
      if (!derivatives) continue;
      inputs.by_x(i, f) = at.by_x;
      inputs.by_log_a(i, f) = at.by_log_a;
      inputs.by_log_b(i, f) = at.by_log_b;
    }
  }
  return inputs;
}

VectorXd inverse_scales(const FeatureLayout& layout, const VectorXd& hyper) {
  VectorXd result(layout.features());
  for (Index f = 0; f < result.size(); ++f) {
    result[f] = std::exp(-hyper[layout.scale_of[static_cast<std::size_t>(f)]]);
  }
  return result;
}

MatrixXd squared_distances(const MatrixXd& left, const MatrixXd& right) {
  MatrixXd result = -2 * (left * right.transpose());
  result.colwise() += left.rowwise().squaredNorm();
  result.rowwise() += right.rowwise().squaredNorm().transpose();
  return result.cwiseMax(0);
}

// The kernel without its constant, and, when asked for, its derivative by r^2.
ArrayXXd matern(const MatrixXd& squared, double signal, ArrayXXd* by_squared) {
  const ArrayXXd r = squared.array().sqrt() * kRoot5;
  const ArrayXXd decay = signal * (-r).exp();
  if (by_squared != nullptr) *by_squared = (-5.0 / 6) * (1 + r) * decay;
  return (1 + r + r.square() / 3) * decay;
}

MatrixXd covariance(const FeatureLayout& layout, const MatrixXd& scaled, const VectorXd& hyper,
                    ArrayXXd* by_squared) {
  const double signal = std::exp(hyper[layout.signal()]);
  MatrixXd squared = squared_distances(scaled, scaled);
  squared.diagonal().setZero();
  MatrixXd result = matern(squared, signal, by_squared).matrix();
  result.array() += kMeanVariance;
  result.diagonal().array() += std::exp(hyper[layout.noise()]);
  return result;
}

// Adds the part of the gradient that comes through r^2: `sensitivity` is half of
// (weights weights' - inverse) times the kernel's derivative by r^2, element by element.
void add_distance_gradient(const FeatureLayout& layout, const MatrixXd& sensitivity,
                           const Inputs& inputs, const VectorXd& inverse, VectorXd& gradient) {
  // The derivative by the scaled feature i: 4 sum_j S_ij (z_i - z_j).
  const MatrixXd scaled = inputs.values * inverse.asDiagonal();
  const VectorXd sums = sensitivity.rowwise().sum();
  const MatrixXd by_scaled = 4 * (sums.asDiagonal() * scaled - sensitivity * scaled);
  for (Index f = 0; f < layout.features(); ++f) {
    const auto at = static_cast<std::size_t>(f);
    gradient[layout.scale_of[at]] -= by_scaled.col(f).dot(scaled.col(f));
    if (layout.warp_of[at] < 0) continue;
    const Index warping = layout.warping(layout.warp_of[at]);
    const VectorXd by_warped = by_scaled.col(f) * inverse[f];
    gradient[warping] += by_warped.dot(inputs.by_log_a.col(f));
    gradient[warping + 1] += by_warped.dot(inputs.by_log_b.col(f));
  }
}

}  // namespace

double log_evidence(const FeatureLayout& layout, const MatrixXd& points, const VectorXd& targets,
                    const VectorXd& hyper, VectorXd* gradient) {
  const Index n = points.rows();
  const Inputs inputs = warp(layout, points, hyper, gradient != nullptr);
  const VectorXd inverse = inverse_scales(layout, hyper);
  ArrayXXd by_squared;
  const MatrixXd matrix = covariance(layout, inputs.values * inverse.asDiagonal(), hyper,
                                     gradient == nullptr ? nullptr : &by_squared);
  const Eigen::LLT<MatrixXd> factor(matrix);
  if (factor.info() != Eigen::Success) return -std::numeric_limits<double>::infinity();
  const VectorXd weights = factor.solve(targets);
  const double log_determinant = 2 * factor.matrixLLT().diagonal().array().log().sum();
  const double evidence = -0.5 * (targets.dot(weights) + log_determinant +
                                  static_cast<double>(n) * std::log(2 * std::numbers::pi));
  if (!std::isfinite(evidence)) return -std::numeric_limits<double>::infinity();
  if (gradient == nullptr) return evidence;

  gradient->setZero(layout.hyperparameters());
  MatrixXd half = factor.solve(MatrixXd::Identity(n, n));
  half = 0.5 * (weights * weights.transpose() - half);
  const double noise = std::exp(hyper[layout.noise()]);
  const double diagonal = half.diagonal().sum();
  (*gradient)[layout.noise()] = noise * diagonal;
  // The signal scales all but the constant and the noise.
  (*gradient)[layout.signal()] =
      (half.array() * (matrix.array() - kMeanVariance)).sum() - noise * diagonal;
  const MatrixXd sensitivity = (half.array() * by_squared).matrix();
  add_distance_gradient(layout, sensitivity, inputs, inverse, *gradient);
  return evidence;
}

std::optional<Posterior> Posterior::make(const FeatureLayout& layout, const MatrixXd& points,
                                         const VectorXd& targets, const VectorXd& hyper) {
  Posterior posterior;
  posterior.layout_ = layout;
  posterior.hyperparameters_ = hyper;
  posterior.scaled_ =
      warp(layout, points, hyper, false).values * inverse_scales(layout, hyper).asDiagonal();
  posterior.factor_.compute(covariance(layout, posterior.scaled_, hyper, nullptr));
  if (posterior.factor_.info() != Eigen::Success) return std::nullopt;
  posterior.weights_ = posterior.factor_.solve(targets);
  if (!posterior.weights_.allFinite()) return std::nullopt;
  return posterior;
}

double Posterior::noise() const {
  return std::exp(hyperparameters_[layout_.noise()]);
}

VectorXd Posterior::means(const MatrixXd& points) const {
  const MatrixXd scaled = warp(layout_, points, hyperparameters_, false).values *
                          inverse_scales(layout_, hyperparameters_).asDiagonal();
  const MatrixXd cross = matern(squared_distances(scaled, scaled_),
                                std::exp(hyperparameters_[layout_.signal()]), nullptr)
                             .matrix();
  return cross * weights_ + VectorXd::Constant(points.rows(), kMeanVariance * weights_.sum());
}

void Posterior::predict(const MatrixXd& points, VectorXd& means, VectorXd& variances) const {
  const double signal = std::exp(hyperparameters_[layout_.signal()]);
  const MatrixXd scaled = warp(layout_, points, hyperparameters_, false).values *
                          inverse_scales(layout_, hyperparameters_).asDiagonal();
  // One column for each point asked for.
  MatrixXd cross = matern(squared_distances(scaled_, scaled), signal, nullptr).matrix();
  cross.array() += kMeanVariance;
  means = cross.transpose() * weights_;
  factor_.matrixL().solveInPlace(cross);
  variances = (signal + kMeanVariance - cross.colwise().squaredNorm().transpose().array())
                  .cwiseMax(0)
                  .matrix();
}

Prediction Posterior::predict(const VectorXd& point) const {
  VectorXd means, variances;
  predict(MatrixXd(point.transpose()), means, variances);
  return {means[0], variances[0]};
}

Prediction Posterior::predict(const VectorXd& point, VectorXd& mean_gradient,
                              VectorXd& variance_gradient) const {
  const double signal = std::exp(hyperparameters_[layout_.signal()]);
  const VectorXd inverse = inverse_scales(layout_, hyperparameters_);
  const Inputs inputs = warp(layout_, MatrixXd(point.transpose()), hyperparameters_, true);
  const MatrixXd scaled = inputs.values * inverse.asDiagonal();
  // Differences rather than the binomial: near a known point only they keep their digits.
  MatrixXd away = -scaled_;
  away.rowwise() += scaled.row(0);
  ArrayXXd by_squared;
  VectorXd cross = matern(away.rowwise().squaredNorm(), signal, &by_squared).matrix();
  cross.array() += kMeanVariance;
  Prediction prediction;
  prediction.mean = cross.dot(weights_);
  VectorXd solved = cross;
  factor_.matrixL().solveInPlace(solved);
  prediction.variance = std::max(0.0, signal + kMeanVariance - solved.squaredNorm());
  factor_.matrixU().solveInPlace(solved);
  const Eigen::ArrayXd slope = by_squared.col(0);
  const Eigen::ArrayXd chain = 2 * inverse.array() * inputs.by_x.row(0).transpose().array();
  mean_gradient = chain * (away.transpose() * (slope * weights_.array()).matrix()).array();
  variance_gradient = -2 * chain * (away.transpose() * (slope * solved.array()).matrix()).array();
  return prediction;
}

}  // namespace clary::tuning
