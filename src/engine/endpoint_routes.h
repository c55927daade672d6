// The data plane's table: which model servers answer for which endpoint. Written by the endpoint
// controller, read by every InvokeEndpoint; never touches the database.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "engine/capture_plan.h"

namespace clary::engine {

// One model server. Counters are the gateway's.
struct ServingInstance {
  std::string unix_path;
  std::atomic<std::uint32_t> outstanding{0};
};

struct VariantRoute {
  std::string name;
  double weight = 1.0;
  std::vector<std::shared_ptr<ServingInstance>> instances;  // only those that answer /ping
  std::shared_ptr<const CapturePlan> capture = nullptr;     // nullptr: nothing is kept
};

struct EndpointRoute {
  std::string account, region, name;
  bool in_service = false;             // false: known, but not ready (ValidationError says so)
  std::vector<VariantRoute> variants;  // production variants, in the config's order
};

// threads: any. find() takes no lock that publish() holds for long: readers keep the snapshot they
// got, and a thread re-reads it only when `version()` moved.
class EndpointRoutes {
 public:
  void publish(std::shared_ptr<const EndpointRoute> route);
  void withdraw(std::string_view account, std::string_view region, std::string_view name);
  // Nullptr: no such endpoint.
  std::shared_ptr<const EndpointRoute> find(std::string_view account, std::string_view region,
                                            std::string_view name) const;
  std::uint64_t version() const { return version_.load(std::memory_order_acquire); }

 private:
  mutable std::mutex mutex_;
  std::unordered_map<std::string, std::shared_ptr<const EndpointRoute>> routes_;
  std::atomic<std::uint64_t> version_{1};
};

}  // namespace clary::engine
