// What jobs have of the machine, as CloudWatch metrics: the console's home page shows them, and
// anybody's dashboard can.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "engine/runs.h"
#include "store/metric_points.h"

namespace clary::server {

// Namespace Clary/Capacity, no dimensions, in the account and region that the server was started
// for: CPUs, CPUsInUse, Memory and MemoryInUse (bytes), JobsRunning (model servers too) and
// JobsQueued. A point when something changed, and one each minute. What is not counted (a cluster's
// CPUs without a limit) has no point.
// threads: one of its own, from start() to stop(). order: stop() before what the sink uses is
// destroyed.
class CapacityMetrics {
 public:
  using Sink = std::function<void(store::MetricId, std::vector<store::MetricPoint>)>;
  using Look = std::function<engine::Runs::Load()>;
  CapacityMetrics(const Clock& clock, std::string account, std::string region, Look look,
                  Sink sink);
  ~CapacityMetrics();

  // One look; for the thread and for tests.
  void sample();
  void start(std::chrono::milliseconds interval);
  void stop();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace clary::server
