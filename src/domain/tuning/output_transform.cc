#include "domain/tuning/output_transform.h"

#include <algorithm>
#include <cmath>

namespace clary::tuning {
namespace {

// Of this many inter-quartile ranges above the upper quartile no value says more than "bad".
constexpr double kFar = 10;

double quantile(const std::vector<double>& sorted, double q) {
  const double place = q * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(place);
  const std::size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (place - static_cast<double>(below)) * (sorted[above] - sorted[below]);
}

void standardise(OutputTransform& transform, std::span<const double> objectives) {
  transform.mean = 0;
  transform.deviation = 1;
  double sum = 0, squares = 0;
  for (const double y : objectives) sum += transform(y);
  const auto count = static_cast<double>(objectives.size());
  for (const double y : objectives) squares += std::pow(transform(y) - sum / count, 2);
  const double deviation = std::sqrt(squares / count);
  transform.mean = sum / count;
  if (deviation > 0 && std::isfinite(deviation)) transform.deviation = deviation;
}

OutputTransform made(std::span<const double> objectives, const std::vector<double>& sorted,
                     double fraction) {
  OutputTransform transform;
  transform.best = sorted.front();
  const double upper = quantile(sorted, 0.75), range = upper - quantile(sorted, 0.25);
  transform.clip = range > 0 ? upper + kFar * range : sorted.back();
  const double typical = quantile(sorted, 0.5) - sorted.front();
  if (std::isfinite(fraction)) {
    transform.offset = fraction * typical;
    // The logarithm does the pressing together itself.
    transform.clip = std::max(transform.clip, sorted.front() + 1e3 * typical);
  }
  standardise(transform, objectives);
  return transform;
}

}  // namespace

double OutputTransform::operator()(double objective) const {
  const double over = std::min(objective, clip) - best;
  const double pressed = std::isfinite(offset) ? std::log1p(std::max(over / offset, -0.99)) : over;
  return (pressed - mean) / deviation;
}

double OutputTransform::inverse(double image) const {
  const double pressed = image * deviation + mean;
  return best + (std::isfinite(offset) ? offset * std::expm1(pressed) : pressed);
}

double OutputTransform::log_jacobian(std::span<const double> objectives) const {
  double sum = 0;
  for (const double y : objectives) {
    if (y > clip) continue;
    sum -= std::log(deviation);
    if (std::isfinite(offset)) sum -= std::log(y - best + offset);
  }
  return sum;
}

std::vector<OutputTransform> candidate_transforms(std::span<const double> objectives) {
  std::vector<double> sorted(objectives.begin(), objectives.end());
  std::ranges::sort(sorted);
  constexpr double kIdentity = std::numeric_limits<double>::infinity();
  std::vector<OutputTransform> transforms = {made(objectives, sorted, kIdentity)};
  if (quantile(sorted, 0.5) > sorted.front()) {
    for (const double fraction : {1.0, 0.1}) {
      transforms.push_back(made(objectives, sorted, fraction));
    }
  }
  return transforms;
}

std::vector<double> standardised(std::span<const double> objectives) {
  std::vector<double> sorted(objectives.begin(), objectives.end());
  std::ranges::sort(sorted);
  const OutputTransform transform =
      made(objectives, sorted, std::numeric_limits<double>::infinity());
  std::vector<double> result;
  for (const double y : objectives) result.push_back(transform(y));
  return result;
}

}  // namespace clary::tuning
