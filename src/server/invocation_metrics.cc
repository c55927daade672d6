#include "server/invocation_metrics.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <condition_variable>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <unordered_map>

#include "base/log.h"

namespace clary::server {
namespace {

constexpr std::string_view kNamespace = "AWS/SageMaker";

// A running statistic set.
struct Statistic {
  double sum = 0, minimum = 0, maximum = 0, count = 0;
  void add(double value) {
    minimum = count == 0 ? value : std::min(minimum, value);
    maximum = count == 0 ? value : std::max(maximum, value);
    sum += value;
    count += 1;
  }
  void add(const Statistic& other) {
    if (other.count == 0) return;
    minimum = count == 0 ? other.minimum : std::min(minimum, other.minimum);
    maximum = count == 0 ? other.maximum : std::max(maximum, other.maximum);
    sum += other.sum;
    count += other.count;
  }
};

// Times by size, in cells that are 4 % wide, so that percentiles can be told. What is handed on is
// each cell's mean and count, from cells as wide as it takes to have few of them.
class Distribution {
 public:
  void add(double value) { cells_[cell_of(value)].add(value); }
  void add(const Distribution& other) {
    for (const auto& [cell, statistic] : other.cells_) cells_[cell].add(statistic);
  }
  std::vector<store::MetricPoint> points(Timestamp time, std::string_view unit) const {
    std::map<int, Statistic> cells = cells_;
    for (int width = 2; cells.size() > kMostPoints; width *= 2) {
      cells.clear();
      for (const auto& [cell, statistic] : cells_) cells[wider(cell, width)].add(statistic);
    }
    std::vector<store::MetricPoint> points;
    points.reserve(cells.size());
    for (const auto& [cell, statistic] : cells) {
      const double mean = statistic.sum / statistic.count;
      points.push_back({.time = time,
                        .sum = statistic.sum,
                        .minimum = mean,
                        .maximum = mean,
                        .count = statistic.count,
                        .unit = std::string(unit)});
    }
    return points;
  }

 private:
  static constexpr int kCellsPerOctave = 16;
  static constexpr std::size_t kMostPoints = 24;
  static int cell_of(double value) {
    return static_cast<int>(std::floor(std::log2(std::max(value, 1e-3)) * kCellsPerOctave));
  }
  static int wider(int cell, int width) {
    return cell >= 0 ? cell / width : -((-cell + width - 1) / width);
  }

  std::map<int, Statistic> cells_;
};

enum Metric : std::size_t { kInvocations, kPerInstance, k4xx, k5xx, kModelErrors, kMetrics };

struct MetricName {
  std::string_view name, unit;
};
constexpr std::array<MetricName, kMetrics> kNames{{{"Invocations", "None"},
                                                   {"InvocationsPerInstance", "None"},
                                                   {"Invocation4XXErrors", "None"},
                                                   {"Invocation5XXErrors", "None"},
                                                   {"InvocationModelErrors", "None"}}};

constexpr std::string_view kLatencyUnit = "Microseconds";

struct VariantStatistics {
  std::string account, region, endpoint, variant;
  std::array<Statistic, kMetrics> metrics;
  Distribution model_latency, overhead_latency;

  void add(const VariantStatistics& other) {
    for (std::size_t i = 0; i < kMetrics; ++i) metrics[i].add(other.metrics[i]);
    model_latency.add(other.model_latency);
    overhead_latency.add(other.overhead_latency);
  }
};

double microseconds(std::chrono::nanoseconds time) {
  return static_cast<double>(time.count()) / 1000.0;
}

// Threads share out the shards, so that two rarely meet at one.
struct alignas(64) Shard {
  std::mutex mutex;
  std::unordered_map<std::string, VariantStatistics> variants;
};
constexpr std::size_t kShards = 16;

std::size_t shard_of_this_thread() {
  static std::atomic<std::size_t> next{0};
  thread_local const std::size_t mine = next.fetch_add(1) % kShards;
  return mine;
}

}  // namespace

struct InvocationMetrics::Impl {
  const Clock& clock;
  Sink sink;
  std::array<Shard, kShards> shards;
  std::mutex mutex;
  std::condition_variable wake;
  bool stopping = false;
  std::thread thread;

  Impl(const Clock& clock_, Sink sink_) : clock(clock_), sink(std::move(sink_)) {}

  void hand_on(const VariantStatistics& variant, std::string_view name,
               std::vector<store::MetricPoint> points) const {
    sink({.account = variant.account,
          .region = variant.region,
          .metric_namespace = std::string(kNamespace),
          .name = std::string(name),
          .dimensions = {{"EndpointName", variant.endpoint}, {"VariantName", variant.variant}}},
         std::move(points));
  }

  void hand_on(const VariantStatistics& variant, Timestamp minute) const {
    for (std::size_t i = 0; i < kMetrics; ++i) {
      const Statistic& statistic = variant.metrics[i];
      if (statistic.count == 0) continue;
      hand_on(variant, kNames[i].name,
              {{.time = minute,
                .sum = statistic.sum,
                .minimum = statistic.minimum,
                .maximum = statistic.maximum,
                .count = statistic.count,
                .unit = std::string(kNames[i].unit)}});
    }
    hand_on(variant, "ModelLatency", variant.model_latency.points(minute, kLatencyUnit));
    hand_on(variant, "OverheadLatency", variant.overhead_latency.points(minute, kLatencyUnit));
  }
};

InvocationMetrics::InvocationMetrics(const Clock& clock, Sink sink)
    : impl_(std::make_unique<Impl>(clock, std::move(sink))) {}

InvocationMetrics::~InvocationMetrics() {
  stop();
}

void InvocationMetrics::record(const Invocation& invocation) {
  thread_local std::string key;
  key.assign(invocation.account).append(1, '/').append(invocation.region);
  key.append(1, '/').append(invocation.endpoint).append(1, '/').append(invocation.variant);
  Shard& shard = impl_->shards[shard_of_this_thread()];
  const std::lock_guard lock(shard.mutex);
  auto found = shard.variants.find(key);
  if (found == shard.variants.end()) {
    found = shard.variants
                .emplace(key, VariantStatistics{.account = std::string(invocation.account),
                                                .region = std::string(invocation.region),
                                                .endpoint = std::string(invocation.endpoint),
                                                .variant = std::string(invocation.variant),
                                                .metrics = {},
                                                .model_latency = {},
                                                .overhead_latency = {}})
                .first;
  }
  auto& metrics = found->second.metrics;
  metrics[kInvocations].add(1);
  metrics[kPerInstance].add(1.0 /
                            static_cast<double>(std::max<std::size_t>(1, invocation.instances)));
  metrics[k4xx].add(invocation.status >= 400 && invocation.status < 500 ? 1 : 0);
  metrics[k5xx].add(invocation.status >= 500 ? 1 : 0);
  metrics[kModelErrors].add(invocation.model_error ? 1 : 0);
  found->second.model_latency.add(microseconds(invocation.model_latency));
  found->second.overhead_latency.add(microseconds(invocation.overhead_latency));
}

void InvocationMetrics::flush() {
  const Timestamp minute = std::chrono::floor<std::chrono::minutes>(impl_->clock.now());
  std::unordered_map<std::string, VariantStatistics> all;
  for (Shard& shard : impl_->shards) {
    std::unordered_map<std::string, VariantStatistics> taken;
    {
      const std::lock_guard lock(shard.mutex);
      taken.swap(shard.variants);
    }
    for (auto& [key, variant] : taken) {
      const auto [known, fresh] = all.try_emplace(key, std::move(variant));
      if (!fresh) known->second.add(variant);
    }
  }
  for (const auto& [key, variant] : all) impl_->hand_on(variant, minute);
}

void InvocationMetrics::start(std::chrono::milliseconds interval) {
  impl_->thread = std::thread([this, interval] {
    std::unique_lock lock(impl_->mutex);
    while (!impl_->wake.wait_for(lock, interval, [this] { return impl_->stopping; })) {
      try {
        flush();
      } catch (const std::exception& error) {
        spdlog::warn("invocation metrics were dropped: {}", error.what());
      }
    }
  });
}

void InvocationMetrics::stop() {
  if (!impl_->thread.joinable()) return;
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->stopping = true;
  }
  impl_->wake.notify_all();
  impl_->thread.join();
  flush();
}

}  // namespace clary::server
