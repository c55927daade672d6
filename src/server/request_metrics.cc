#include "server/request_metrics.h"

#include <fmt/format.h>

namespace clary::server {

void OperationCounters::record(unsigned status, std::chrono::nanoseconds time) {
  const std::size_t status_class = std::min<std::size_t>(status / 100, by_status_class.size() - 1);
  by_status_class[status_class].fetch_add(1, std::memory_order_relaxed);
  const double seconds = std::chrono::duration<double>(time).count();
  std::size_t bucket = 0;
  while (bucket < kBounds.size() && seconds > kBounds[bucket]) ++bucket;
  buckets[bucket].fetch_add(1, std::memory_order_relaxed);
  nanoseconds.fetch_add(static_cast<std::uint64_t>(time.count()), std::memory_order_relaxed);
}

OperationCounters& RequestMetrics::of(std::string_view service, std::string_view operation) {
  const std::lock_guard lock(mutex_);
  auto& counters = operations_[{std::string(service), std::string(operation)}];
  if (!counters) counters = std::make_unique<OperationCounters>();
  return *counters;
}

void RequestMetrics::add_gauge(std::string name, std::string help, std::function<double()> read) {
  const std::lock_guard lock(mutex_);
  gauges_.push_back({std::move(name), std::move(help), std::move(read)});
}

std::string RequestMetrics::text() const {
  std::string text =
      "# HELP clary_requests_total Requests answered.\n# TYPE clary_requests_total counter\n";
  std::string times =
      "# HELP clary_request_seconds Time from head to answer.\n"
      "# TYPE clary_request_seconds histogram\n";
  const std::lock_guard lock(mutex_);
  for (const auto& [name, counters] : operations_) {
    const std::string labels =
        fmt::format("service=\"{}\",operation=\"{}\"", name.first, name.second);
    for (std::size_t i = 0; i < counters->by_status_class.size(); ++i) {
      const std::uint64_t count = counters->by_status_class[i].load(std::memory_order_relaxed);
      if (count > 0)
        text += fmt::format("clary_requests_total{{{},status=\"{}xx\"}} {}\n", labels, i, count);
    }
    std::uint64_t below = 0;
    for (std::size_t i = 0; i < counters->buckets.size(); ++i) {
      below += counters->buckets[i].load(std::memory_order_relaxed);
      const std::string bound = i < OperationCounters::kBounds.size()
                                    ? fmt::format("{}", OperationCounters::kBounds[i])
                                    : "+Inf";
      times +=
          fmt::format("clary_request_seconds_bucket{{{},le=\"{}\"}} {}\n", labels, bound, below);
    }
    times += fmt::format(
        "clary_request_seconds_sum{{{}}} {}\nclary_request_seconds_count{{{}}} {}\n", labels,
        static_cast<double>(counters->nanoseconds.load(std::memory_order_relaxed)) / 1e9, labels,
        below);
  }
  text += times;
  for (const Gauge& gauge : gauges_) {
    text += fmt::format("# HELP {} {}\n# TYPE {} gauge\n{} {}\n", gauge.name, gauge.help,
                        gauge.name, gauge.name, gauge.read());
  }
  return text;
}

}  // namespace clary::server
