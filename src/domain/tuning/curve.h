// The stream of objective values that one training job emits.
#pragma once

#include <vector>

namespace clary::tuning {

// values[e] is the objective after e + 1 epochs (emissions); smaller is better: whoever maximises
// negates. A value that is not finite counts as the worst there is.
struct Curve {
  std::vector<double> values;
  bool running = true;
};

}  // namespace clary::tuning
