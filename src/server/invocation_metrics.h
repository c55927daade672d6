// Counts of the data plane: kept in memory, handed on as CloudWatch points every few seconds.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "store/metric_points.h"

namespace clary::server {

// One invocation that reached a variant.
struct Invocation {
  std::string_view account, region, endpoint, variant;
  std::size_t instances = 1;                    // of the variant, for InvocationsPerInstance
  unsigned status = 200;                        // what the client got
  bool model_error = false;                     // the container answered no 2xx
  std::chrono::nanoseconds model_latency{};     // the model server's time, as seen from here
  std::chrono::nanoseconds overhead_latency{};  // all the rest of the request's time here
};

// Namespace AWS/SageMaker, dimensions EndpointName and VariantName, names and units as in
// "Monitor Amazon SageMaker with Amazon CloudWatch" (endpoint invocation metrics): latencies in
// microseconds, errors as the share of invocations (sum 1 for each, count every invocation).
// Latencies are handed on as values with counts, so that CloudWatch can tell percentiles; values
// near each other (4 % while few differ) count as one, their mean, and sums stay exact.
//
// What a killed server had not handed on yet (a few seconds) is lost; nothing else depends on it.
// threads: record() and flush() from any. order: stop() before what the sink uses is destroyed.
class InvocationMetrics {
 public:
  using Sink = std::function<void(store::MetricId, std::vector<store::MetricPoint>)>;
  InvocationMetrics(const Clock& clock, Sink sink);
  ~InvocationMetrics();

  // Never blocks on I/O: a few additions under a lock that only this thread and flush() take.
  void record(const Invocation& invocation);
  void flush();
  void start(std::chrono::milliseconds interval);
  // Flushes a last time.
  void stop();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace clary::server
