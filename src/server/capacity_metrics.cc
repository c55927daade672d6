#include "server/capacity_metrics.h"

#include <array>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>

#include "base/errors.h"
#include "base/log.h"

namespace clary::server {
namespace {

constexpr std::chrono::minutes kAtLeastEvery{1};

struct Gauge {
  std::string_view name, unit;
  double value = 0;
  bool counted = true;
  bool operator==(const Gauge&) const = default;
};

std::array<Gauge, 6> gauges_of(const engine::Runs::Load& load) {
  return {{{"CPUs", "Count", load.cpus, load.cpus > 0},
           {"CPUsInUse", "Count", load.cpus_used, load.cpus > 0},
           {"Memory", "Bytes", static_cast<double>(load.memory), load.memory > 0},
           {"MemoryInUse", "Bytes", static_cast<double>(load.memory_used), load.memory > 0},
           {"JobsRunning", "Count", static_cast<double>(load.running)},
           {"JobsQueued", "Count", static_cast<double>(load.queued)}}};
}

}  // namespace

struct CapacityMetrics::Impl {
  const Clock& clock;
  const std::string account, region;
  const Look look;
  const Sink sink;
  std::optional<std::array<Gauge, 6>> last;  // of the thread, or of who calls sample()
  Timestamp sampled{};
  std::mutex mutex;
  std::condition_variable wake;
  bool stopping = false;
  std::thread thread;
};

CapacityMetrics::CapacityMetrics(const Clock& clock, std::string account, std::string region,
                                 Look look, Sink sink)
    : impl_(new Impl{.clock = clock,
                     .account = std::move(account),
                     .region = std::move(region),
                     .look = std::move(look),
                     .sink = std::move(sink),
                     .last = {},
                     .mutex = {},
                     .wake = {},
                     .thread = {}}) {}

CapacityMetrics::~CapacityMetrics() {
  stop();
}

void CapacityMetrics::sample() {
  const auto gauges = gauges_of(impl_->look());
  const Timestamp now = impl_->clock.now();
  if (impl_->last == gauges && now - impl_->sampled < kAtLeastEvery) return;
  impl_->last = gauges;
  impl_->sampled = now;
  for (const Gauge& gauge : gauges) {
    if (!gauge.counted) continue;
    impl_->sink({.account = impl_->account,
                 .region = impl_->region,
                 .metric_namespace = "Clary/Capacity",
                 .name = std::string(gauge.name),
                 .dimensions = {}},
                {{.time = now,
                  .sum = gauge.value,
                  .minimum = gauge.value,
                  .maximum = gauge.value,
                  .unit = std::string(gauge.unit)}});
  }
}

void CapacityMetrics::start(std::chrono::milliseconds interval) {
  impl_->thread = std::thread([this, interval] {
    std::unique_lock lock(impl_->mutex);
    do {
      lock.unlock();
      try {
        sample();
      } catch (const StorageError& error) {
        spdlog::warn("capacity metrics: {}", error.what());
      }
      lock.lock();
    } while (!impl_->wake.wait_for(lock, interval, [this] { return impl_->stopping; }));
  });
}

void CapacityMetrics::stop() {
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->stopping = true;
  }
  impl_->wake.notify_all();
  if (impl_->thread.joinable()) impl_->thread.join();
}

}  // namespace clary::server
