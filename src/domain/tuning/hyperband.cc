#include "domain/tuning/hyperband.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace clary::tuning {
namespace {

double at(const Curve& job, std::uint64_t emissions) {
  const double value = job.values[emissions - 1];
  return std::isfinite(value) ? value : std::numeric_limits<double>::infinity();
}

// Whether job `which` is among the best at a rung that it has reached.
bool goes_on(std::span<const Curve> jobs, std::size_t which, std::uint64_t rung,
             std::uint64_t rivals) {
  const double own = at(jobs[which], rung);
  std::size_t reached = 0, better = 0;
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    if (jobs[i].values.size() < rung) continue;
    ++reached;
    const double other = at(jobs[i], rung);
    if (other < own || (other == own && i < which)) ++better;
  }
  // A diverged job never goes on, not even as the first of its rung.
  return std::isfinite(own) && better < (reached + rivals - 1) / rivals;
}

}  // namespace

std::vector<std::uint64_t> rungs(const HyperbandSettings& settings) {
  std::vector<std::uint64_t> result;
  const std::uint64_t reduction = std::max<std::uint64_t>(2, settings.reduction);
  std::uint64_t rung = std::max<std::uint64_t>(1, settings.min_resource);
  while (rung < settings.max_resource) {
    result.push_back(rung);
    if (rung > settings.max_resource / reduction) break;
    rung *= reduction;
  }
  return result;
}

std::vector<bool> jobs_to_stop(const HyperbandSettings& settings, std::span<const Curve> jobs) {
  const auto ladder = rungs(settings);
  const std::uint64_t rivals = std::max<std::uint64_t>(1, settings.rivals);
  std::vector<bool> stop(jobs.size(), false);
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    const std::size_t emitted = jobs[i].values.size();
    if (!jobs[i].running || emitted == 0) continue;
    if (emitted >= settings.max_resource) {
      stop[i] = emitted >= settings.min_resource;
      continue;
    }
    const auto above = std::ranges::upper_bound(ladder, emitted);
    if (above == ladder.begin()) continue;
    stop[i] = !goes_on(jobs, i, *(above - 1), rivals);
  }
  return stop;
}

}  // namespace clary::tuning
