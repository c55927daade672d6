// Minimisation of a smooth function in a box.
#pragma once

#include <Eigen/Core>
#include <functional>

namespace clary::tuning {

// The value at x; writes the gradient when the pointer is not null. May return infinity for an x
// that has no value.
using Smooth = std::function<double(const Eigen::VectorXd& x, Eigen::VectorXd* gradient)>;

struct Minimum {
  Eigen::VectorXd x;
  double value = 0;
};

// Projected L-BFGS (memory of 8 steps, two-loop recursion over the coordinates that are free,
// Armijo backtracking along the projected path) from `start`, which is first moved into the box.
// Ends after `evaluations` calls of the function, or when the projected gradient or a step's gain
// is negligible. The result is never worse than the start.
Minimum minimize(const Smooth& function, const Eigen::VectorXd& start, const Eigen::VectorXd& low,
                 const Eigen::VectorXd& high, int evaluations);

}  // namespace clary::tuning
