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

template <class Number>
bool has_room(Number used, Number wanted, Number total) {
  return total == 0 || used + wanted <= total;
}

}  // namespace

Share& Share::operator+=(const Share& other) {
  cpus += other.cpus;
  memory_bytes += other.memory_bytes;
  gpus += other.gpus;
  runs += other.runs;
  return *this;
}

Share& Share::operator-=(const Share& other) {
  cpus = std::max(0.0, cpus - other.cpus);
  memory_bytes -= std::min(memory_bytes, other.memory_bytes);
  gpus -= std::min(gpus, other.gpus);
  runs -= std::min(runs, other.runs);
  return *this;
}

Capacity::Capacity(const Limits& total)
    : total_{.cpus = total.cpus, .memory_bytes = total.memory_bytes, .gpus = total.gpus} {}

Share Capacity::share_of(const std::vector<const JobSpec*>& gang) const {
  Share share{.runs = 1};
  for (const JobSpec* spec : gang) {
    if (spec->mode == JobSpec::Mode::kServe) continue;
    share.cpus += spec->limits.cpus > 0 ? spec->limits.cpus : 1.0;
    share.memory_bytes += spec->limits.memory_bytes;
    share.gpus += spec->limits.gpus;
  }
  if (total_.cpus > 0) share.cpus = std::min(share.cpus, total_.cpus);
  if (total_.memory_bytes > 0) {
    share.memory_bytes = std::min(share.memory_bytes, total_.memory_bytes);
  }
  if (total_.gpus > 0) share.gpus = std::min(share.gpus, total_.gpus);
  return share;
}

bool Capacity::fits(const Share& share, const Share& freed) const {
  Share used = used_;
  used -= freed;
  return (total_.cpus == 0 || used.cpus + share.cpus <= total_.cpus + kTolerance) &&
         has_room(used.memory_bytes, share.memory_bytes, total_.memory_bytes) &&
         has_room(used.gpus, share.gpus, total_.gpus);
}

std::string Capacity::shortage(const Share& share) const {
  std::string text = fmt::format(
      "needs {:g} CPUs and {:.1f} GiB; {:g} of {:g} CPUs and {:.1f} of {:.1f} GiB are in use",
      share.cpus, gibibytes(share.memory_bytes), used_.cpus, total_.cpus,
      gibibytes(used_.memory_bytes), gibibytes(total_.memory_bytes));
  if (total_.gpus > 0 && share.gpus > 0) {
    text +=
        fmt::format("; needs {} GPUs, {} of {} are in use", share.gpus, used_.gpus, total_.gpus);
  }
  return text;
}

}  // namespace clary::engine
