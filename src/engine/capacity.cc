#include "engine/capacity.h"

#include <spdlog/fmt/fmt.h>

#include <algorithm>

namespace clary::engine {
namespace {

// Shares are sums of decimal fractions.
constexpr double kTolerance = 1e-6;

double gibibytes(std::uint64_t bytes) {
  return static_cast<double>(bytes) / (1ULL << 30);
}

}  // namespace

Share Capacity::share_of(const std::vector<const JobSpec*>& gang) const {
  Share share;
  for (const JobSpec* spec : gang) {
    if (spec->mode == JobSpec::Mode::kServe) continue;
    share.cpus += spec->limits.cpus > 0 ? spec->limits.cpus : 1.0;
    share.memory_bytes += spec->limits.memory_bytes;
  }
  return {std::min(share.cpus, total_.cpus), std::min(share.memory_bytes, total_.memory_bytes)};
}

bool Capacity::fits(const Share& share) const {
  return used_.cpus + share.cpus <= total_.cpus + kTolerance &&
         used_.memory_bytes + share.memory_bytes <= total_.memory_bytes;
}

void Capacity::take(const Share& share) {
  used_.cpus += share.cpus;
  used_.memory_bytes += share.memory_bytes;
}

void Capacity::give_back(const Share& share) {
  used_.cpus = std::max(0.0, used_.cpus - share.cpus);
  used_.memory_bytes -= std::min(used_.memory_bytes, share.memory_bytes);
}

std::string Capacity::shortage(const Share& share) const {
  return fmt::format(
      "needs {:g} CPUs and {:.1f} GiB; {:g} of {:g} CPUs and {:.1f} of {:.1f} GiB are in use",
      share.cpus, gibibytes(share.memory_bytes), used_.cpus, total_.cpus,
      gibibytes(used_.memory_bytes), gibibytes(total_.memory_bytes));
}

}  // namespace clary::engine
