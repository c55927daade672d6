// What /metrics shows: requests by service, operation and outcome, and how long they took.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace clary::server {

// Counters of one operation. threads: any; additions only, without a lock.
struct OperationCounters {
  // Upper bounds in seconds, Prometheus's usual shape stretched down to what Clary takes.
  static constexpr std::array<double, 12> kBounds{0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005,
                                                  0.01,   0.05,    0.25,   1,     5,      30};
  std::array<std::atomic<std::uint64_t>, 6> by_status_class{};  // index 2: 2xx
  std::array<std::atomic<std::uint64_t>, kBounds.size() + 1> buckets{};
  std::atomic<std::uint64_t> nanoseconds{0};

  void record(unsigned status, std::chrono::nanoseconds time);
};

// threads: any.
class RequestMetrics {
 public:
  // The counters of an operation, made when first asked for; the reference stays valid. Callers
  // keep it: this takes a lock.
  OperationCounters& of(std::string_view service, std::string_view operation);

  // A value read when /metrics is asked for: connections, queued runs, ...
  void add_gauge(std::string name, std::string help, std::function<double()> read);

  // Prometheus text format 0.0.4.
  std::string text() const;

 private:
  struct Gauge {
    std::string name, help;
    std::function<double()> read;
  };
  mutable std::mutex mutex_;
  std::map<std::pair<std::string, std::string>, std::unique_ptr<OperationCounters>> operations_;
  std::vector<Gauge> gauges_;
};

}  // namespace clary::server
