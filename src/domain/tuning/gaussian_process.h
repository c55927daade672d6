// A Gaussian process with an ARD Matérn 5/2 kernel and warped inputs.
//
// Rows are points, columns features. A numeric hyperparameter is one feature, its place in [0, 1];
// a category of k values is k features, 1/sqrt(2) in the one of its value, so that two different
// values are 1 apart. Features of one hyperparameter share a length scale:
//   k(x, x') = c + s (1 + sqrt(5) r + 5/3 r^2) exp(-sqrt(5) r),  r^2 = sum_f (w(x_f) - w(x'_f))^2 /
//   l_f^2
// with w Kumaraswamy's distribution function for warped features (Snoek et al. 2014), 1 - (1 -
// x^a)^b, and c the variance of a constant mean, which so is integrated out.
#pragma once

#include <Eigen/Cholesky>
#include <Eigen/Core>
#include <cstddef>
#include <optional>
#include <vector>

namespace clary::tuning {

struct FeatureLayout {
  // For each feature, which length scale it uses; ascending.
  std::vector<int> scale_of;
  // For each feature, which warping it has, or -1.
  std::vector<int> warp_of;
  int scales = 0, warps = 0;
  // The length scale of the category that says which task a point was run in, or -1.
  int task_scale = -1;

  Eigen::Index features() const { return static_cast<Eigen::Index>(scale_of.size()); }
  // Log length scales, log signal variance, log noise variance, log a and log b of each warping.
  Eigen::Index hyperparameters() const { return scales + 2 + 2 * warps; }
  Eigen::Index signal() const { return scales; }
  Eigen::Index noise() const { return scales + 1; }
  Eigen::Index warping(int warp) const { return scales + 2 + 2 * warp; }
};

// The variance of the constant mean; targets are standardised.
inline constexpr double kMeanVariance = 1;

// Log of the density of the targets; gradient by the hyperparameters when not null. Minus infinity
// when the covariance is not positive definite.
double log_evidence(const FeatureLayout& layout, const Eigen::MatrixXd& points,
                    const Eigen::VectorXd& targets, const Eigen::VectorXd& hyperparameters,
                    Eigen::VectorXd* gradient);

struct Prediction {
  double mean = 0;
  double variance = 0;
};

// What the process knows after having seen points and targets.
class Posterior {
 public:
  // Nullopt when the covariance is not positive definite.
  static std::optional<Posterior> make(const FeatureLayout& layout, const Eigen::MatrixXd& points,
                                       const Eigen::VectorXd& targets,
                                       const Eigen::VectorXd& hyperparameters);

  // Of the function, without noise; the variance is not negative.
  Prediction predict(const Eigen::VectorXd& point) const;
  // The same with the gradients by the point's features.
  Prediction predict(const Eigen::VectorXd& point, Eigen::VectorXd& mean_gradient,
                     Eigen::VectorXd& variance_gradient) const;
  // Of many at once, one a row: means and variances.
  void predict(const Eigen::MatrixXd& points, Eigen::VectorXd& means,
               Eigen::VectorXd& variances) const;
  Eigen::VectorXd means(const Eigen::MatrixXd& points) const;

  double noise() const;
  const FeatureLayout& layout() const { return layout_; }
  const Eigen::VectorXd& hyperparameters() const { return hyperparameters_; }

 private:
  Posterior() = default;

  FeatureLayout layout_;
  Eigen::VectorXd hyperparameters_;
  Eigen::MatrixXd scaled_;  // warped and divided by the length scales
  Eigen::LLT<Eigen::MatrixXd> factor_;
  Eigen::VectorXd weights_;  // inverse covariance times targets
};

}  // namespace clary::tuning
