#include "domain/tuning/gaussian_process.h"

#include <gtest/gtest.h>

#include <Eigen/LU>
#include <cmath>
#include <numbers>

#include "domain/tuning/acquisition.h"
#include "domain/tuning/generator.h"
#include "domain/tuning/minimize.h"
#include "domain/tuning/output_transform.h"
#include "domain/tuning/quasi_random.h"

namespace clary::tuning {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

// Two warped numbers and a category of two values.
FeatureLayout layout() {
  return {{0, 1, 2, 2}, {0, 1, -1, -1}, 3, 2};
}

struct Data {
  MatrixXd points;
  VectorXd targets, hyper;
};

Data data(Index count) {
  Generator generator(3, 1);
  Data data{MatrixXd::Zero(count, 4), VectorXd(count), VectorXd(layout().hyperparameters())};
  for (Index i = 0; i < count; ++i) {
    data.points(i, 0) = generator.uniform();
    data.points(i, 1) = generator.uniform();
    data.points(i, 2 + static_cast<Index>(generator.below(2))) = 1 / std::numbers::sqrt2;
    data.targets[i] =
        std::sin(4 * data.points(i, 0)) + data.points(i, 2) + 0.1 * generator.normal();
  }
  data.hyper << std::log(0.4), std::log(0.9), std::log(1.3), std::log(0.8), std::log(0.02),
      std::log(0.7), std::log(1.4), 0.1, -0.2;
  return data;
}

double warped(double x, double log_a, double log_b) {
  return 1 - std::pow(1 - std::pow(x, std::exp(log_a)), std::exp(log_b));
}

// The kernel as the header writes it, one pair at a time.
double kernel(const Data& data, const VectorXd& a, const VectorXd& b) {
  const VectorXd& h = data.hyper;
  double squared = 0;
  for (Index f = 0; f < 4; ++f) {
    double difference = a[f] - b[f];
    if (f < 2)
      difference =
          warped(a[f], h[5 + 2 * f], h[6 + 2 * f]) - warped(b[f], h[5 + 2 * f], h[6 + 2 * f]);
    squared += std::pow(difference / std::exp(h[std::min<Index>(f, 2)]), 2);
  }
  const double r = std::sqrt(squared);
  return kMeanVariance +
         std::exp(h[3]) * (1 + std::sqrt(5) * r + 5.0 / 3 * r * r) * std::exp(-std::sqrt(5) * r);
}

TEST(GaussianProcessTest, IsTheClosedForm) {
  const Data given = data(12);
  MatrixXd covariance(12, 12);
  for (Index i = 0; i < 12; ++i) {
    for (Index j = 0; j < 12; ++j) {
      covariance(i, j) = kernel(given, given.points.row(i), given.points.row(j)) +
                         (i == j ? std::exp(given.hyper[4]) : 0);
    }
  }
  const MatrixXd inverse = covariance.inverse();
  const double evidence =
      -0.5 * (given.targets.dot(inverse * given.targets) + std::log(covariance.determinant()) +
              12 * std::log(2 * std::numbers::pi));
  EXPECT_NEAR(log_evidence(layout(), given.points, given.targets, given.hyper, nullptr), evidence,
              1e-9);
  const auto posterior = Posterior::make(layout(), given.points, given.targets, given.hyper);
  ASSERT_TRUE(posterior);
  VectorXd where(4);
  where << 0.3, 0.6, 1 / std::numbers::sqrt2, 0;
  VectorXd cross(12);
  for (Index i = 0; i < 12; ++i) cross[i] = kernel(given, given.points.row(i), where);
  const Prediction got = posterior->predict(where);
  EXPECT_NEAR(got.mean, cross.dot(inverse * given.targets), 1e-9);
  EXPECT_NEAR(got.variance, kernel(given, where, where) - cross.dot(inverse * cross), 1e-9);
  EXPECT_NEAR(posterior->means(where.transpose())[0], got.mean, 1e-12);
}

TEST(GaussianProcessTest, HasTheEvidencesGradient) {
  Data given = data(20);
  VectorXd gradient;
  log_evidence(layout(), given.points, given.targets, given.hyper, &gradient);
  for (Index i = 0; i < given.hyper.size(); ++i) {
    constexpr double kStep = 1e-5;
    VectorXd up = given.hyper, down = given.hyper;
    up[i] += kStep;
    down[i] -= kStep;
    const double slope = (log_evidence(layout(), given.points, given.targets, up, nullptr) -
                          log_evidence(layout(), given.points, given.targets, down, nullptr)) /
                         (2 * kStep);
    EXPECT_NEAR(gradient[i], slope, 1e-5 * (1 + std::abs(slope))) << i;
  }
}

TEST(GaussianProcessTest, HasThePredictionsGradient) {
  const Data given = data(20);
  const auto posterior = Posterior::make(layout(), given.points, given.targets, given.hyper);
  ASSERT_TRUE(posterior);
  VectorXd where(4), by_mean, by_variance;
  where << 0.31, 0.62, 0, 1 / std::numbers::sqrt2;
  const Prediction got = posterior->predict(where, by_mean, by_variance);
  EXPECT_NEAR(got.mean, posterior->predict(where).mean, 1e-12);
  EXPECT_NEAR(got.variance, posterior->predict(where).variance, 1e-12);
  for (Index f = 0; f < 2; ++f) {
    constexpr double kStep = 1e-6;
    VectorXd up = where, down = where;
    up[f] += kStep;
    down[f] -= kStep;
    const Prediction above = posterior->predict(up), below = posterior->predict(down);
    EXPECT_NEAR(by_mean[f], (above.mean - below.mean) / (2 * kStep), 1e-6);
    EXPECT_NEAR(by_variance[f], (above.variance - below.variance) / (2 * kStep), 1e-6);
  }
}

TEST(GaussianProcessTest, SaysWhenTheCovarianceIsNone) {
  Data given = data(4);
  given.hyper[4] = -800;
  given.points.row(1) = given.points.row(0);
  EXPECT_FALSE(Posterior::make(layout(), given.points, given.targets, given.hyper));
}

TEST(ImprovementTest, IsTheClosedForm) {
  for (const double u : {-8.0, -5.01, -4.99, -1.001, -0.999, 0.0, 2.0}) {
    // By numerical integration of max(best - f, 0) with best = u, f standard normal.
    double sum = 0;
    for (int i = 0; i < 200'000; ++i) {
      const double f = u - (i + 0.5) * 1e-4;
      sum += (u - f) * std::exp(-f * f / 2) / std::sqrt(2 * std::numbers::pi) * 1e-4;
    }
    EXPECT_NEAR(log_expected_improvement(0, 1, u).value, std::log(sum), 1e-6) << u;
  }
  // h(u) tends to phi(u) / u^2.
  const double far = log_expected_improvement(0, 1, -1e5).value;
  EXPECT_NEAR(far, -0.5e10 - 0.5 * std::log(2 * std::numbers::pi) - 2 * std::log(1e5), 1e-3);
}

TEST(ImprovementTest, HasItsGradient) {
  for (const double mean : {-1.0, 0.5, 3.0, 12.0}) {
    const auto got = log_expected_improvement(mean, 0.7, 0.2);
    constexpr double kStep = 1e-6;
    const double by_mean = (log_expected_improvement(mean + kStep, 0.7, 0.2).value -
                            log_expected_improvement(mean - kStep, 0.7, 0.2).value) /
                           (2 * kStep);
    const double by_deviation = (log_expected_improvement(mean, 0.7 + kStep, 0.2).value -
                                 log_expected_improvement(mean, 0.7 - kStep, 0.2).value) /
                                (2 * kStep);
    EXPECT_NEAR(got.by_mean, by_mean, 1e-5 * (1 + std::abs(by_mean)));
    EXPECT_NEAR(got.by_deviation, by_deviation, 1e-5 * (1 + std::abs(by_deviation)));
  }
}

TEST(ImprovementTest, IsAugmentedWhereThereIsNoise) {
  // Where the function is known to a tenth of the noise, one more value tells next to nothing.
  const double seen = 0.25 * 0.25 / (0.25 + kNoiseSeen);
  EXPECT_NEAR(std::exp(log_augmentation(seen / 100, 0.25).value), 1 - std::sqrt(1 / 1.01), 1e-12);
  EXPECT_GT(log_augmentation(1, 0.25).value, std::log(0.5));
  // What the prior says of an exact objective takes nothing away.
  EXPECT_GT(log_augmentation(1e-6, 1e-5).value, std::log(0.9));
  EXPECT_EQ(log_augmentation(1, 0).value, 0);
  for (const double variance : {1e-4, 0.1, 2.0}) {
    const double step = 1e-5 * variance;
    const double slope = (log_augmentation(variance + step, 0.3).value -
                          log_augmentation(variance - step, 0.3).value) /
                         (2 * step);
    EXPECT_NEAR(log_augmentation(variance, 0.3).by_variance / slope, 1, 1e-5);
  }
}

TEST(MinimizeTest, FindsMinimaInsideAndOnTheBox) {
  const Smooth rosenbrock = [](const VectorXd& x, VectorXd* gradient) {
    const double a = 1 - x[0], b = x[1] - x[0] * x[0];
    if (gradient != nullptr) *gradient << -2 * a - 400 * x[0] * b, 200 * b;
    return a * a + 100 * b * b;
  };
  const VectorXd start = VectorXd::Constant(2, -1.2);
  const Minimum inside =
      minimize(rosenbrock, start, VectorXd::Constant(2, -2), VectorXd::Constant(2, 2), 200);
  EXPECT_NEAR(inside.x[0], 1, 1e-3);
  const Minimum edge =
      minimize(rosenbrock, start, VectorXd::Constant(2, -2), VectorXd::Constant(2, 0.5), 200);
  EXPECT_NEAR(edge.x[0], 0.5, 1e-4);
  EXPECT_NEAR(edge.x[1], 0.25, 1e-3);
}

TEST(SobolTest, FillsEachDyadicIntervalOnceForEachSeed) {
  for (std::uint64_t seed = 0; seed < 5; ++seed) {
    // Points 2^k .. 2^(k+1) - 1 of the plain sequence; ours leaves out its first.
    const auto points = sobol_points(30, seed, 63, 64);
    for (std::size_t d = 0; d < 30; ++d) {
      std::vector<int> hits(64, 0);
      for (const auto& point : points) ++hits[static_cast<std::size_t>(point[d] * 64)];
      EXPECT_EQ(hits, std::vector<int>(64, 1)) << d;
    }
  }
  EXPECT_EQ(sobol_points(3, 1, 5, 2)[1], sobol_point(3, 1, 6));
  EXPECT_NE(sobol_point(3, 1, 6), sobol_point(3, 2, 6));
}

TEST(OutputTransformTest, IsStandardAndMonotoneAndHasAnInverse) {
  const std::vector<double> objectives = {3, 1, 4, 1.5, 9, 2.6, 5, 3.5};
  for (const OutputTransform& transform : candidate_transforms(objectives)) {
    double sum = 0, squares = 0, previous = -1e9;
    for (const double y : objectives) {
      sum += transform(y);
      squares += transform(y) * transform(y);
      EXPECT_NEAR(transform.inverse(transform(y)), y, 1e-9);
    }
    EXPECT_NEAR(sum, 0, 1e-9);
    EXPECT_NEAR(squares, 8, 1e-9);
    for (double y = 1; y < 9; y += 0.25) {
      EXPECT_GT(transform(y), previous);
      previous = transform(y);
    }
    double slopes = 0;
    for (const double y : objectives)
      slopes += std::log((transform(y + 1e-7) - transform(y)) / 1e-7);
    EXPECT_NEAR(transform.log_jacobian(objectives), slopes, 1e-4);
  }
}

}  // namespace
}  // namespace clary::tuning
