// The gateway's view of an endpoint, kept by its controller: one object per model server for as
// long as it lives, so that its count of requests under way survives a new route.
#pragma once

#include <chrono>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>

#include "base/clock.h"
#include "engine/endpoint_routes.h"

namespace clary::api::sagemaker {

// threads: any. blocks: no.
class RoutePublisher {
 public:
  RoutePublisher(engine::EndpointRoutes& routes, const Clock& clock)
      : routes_(routes), clock_(clock) {}

  std::shared_ptr<engine::ServingInstance> instance(const std::string& run_id,
                                                    const std::string& unix_path);
  // Publishes the route when it differs from the last one of that endpoint.
  void publish(engine::EndpointRoute route);
  void withdraw(const std::string& account, const std::string& region, const std::string& name);

  // Whether a server that was taken out of the routes has answered its last request. Some time is
  // given to gateway threads that still hold the old route; a request that takes longer than a
  // minute is not waited for.
  bool drained(const std::string& run_id);
  void forget(const std::string& run_id);

 private:
  struct Entry {
    std::shared_ptr<engine::ServingInstance> serving;
    std::optional<std::chrono::steady_clock::time_point> retired;
  };
  engine::EndpointRoutes& routes_;
  const Clock& clock_;
  std::mutex mutex_;
  std::unordered_map<std::string, Entry> entries_;          // guarded by mutex_; by run id
  std::unordered_map<std::string, std::string> published_;  // guarded by mutex_; what was, as text
};

}  // namespace clary::api::sagemaker
