#include "domain/tuning/early_stopping.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

namespace clary::tuning {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

double worst_if_not_finite(double value) {
  return std::isfinite(value) ? value : kInfinity;
}

double mean_of_first(const std::vector<double>& values, std::size_t count) {
  double sum = 0;
  for (std::size_t i = 0; i < count; ++i) sum += worst_if_not_finite(values[i]);
  return sum / static_cast<double>(count);
}

}  // namespace

bool stop_early(const Curve& job, std::span<const Curve> ended) {
  const std::size_t epochs = job.values.size();
  if (!job.running || epochs == 0) return false;
  std::vector<double> means;
  for (const Curve& earlier : ended) {
    const std::size_t count = std::min(epochs, earlier.values.size());
    if (count > 0) means.push_back(mean_of_first(earlier.values, count));
  }
  if (means.size() < kJobsBeforeStopping) return false;
  std::ranges::sort(means);
  const std::size_t middle = means.size() / 2;
  const double upper = means[middle], lower = means[(means.size() - 1) / 2];
  const double median = lower == upper ? lower : (lower + upper) / 2;
  return worst_if_not_finite(job.values.back()) > median;
}

}  // namespace clary::tuning
