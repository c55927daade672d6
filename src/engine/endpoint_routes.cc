#include "engine/endpoint_routes.h"

namespace clary::engine {
namespace {

// Account and region hold no slash, so the key is unambiguous. The buffer is the thread's own: a
// look-up allocates nothing.
const std::string& key_of(std::string_view account, std::string_view region,
                          std::string_view name) {
  thread_local std::string key;
  key.assign(account).append(1, '/').append(region).append(1, '/').append(name);
  return key;
}

}  // namespace

void EndpointRoutes::publish(std::shared_ptr<const EndpointRoute> route) {
  const std::string& key = key_of(route->account, route->region, route->name);
  std::shared_ptr<const EndpointRoute> old;  // destroyed outside the lock
  const std::lock_guard lock(mutex_);
  auto& place = routes_[key];
  old = std::exchange(place, std::move(route));
  version_.fetch_add(1, std::memory_order_release);
}

void EndpointRoutes::withdraw(std::string_view account, std::string_view region,
                              std::string_view name) {
  const std::lock_guard lock(mutex_);
  routes_.erase(key_of(account, region, name));
  version_.fetch_add(1, std::memory_order_release);
}

std::shared_ptr<const EndpointRoute> EndpointRoutes::find(std::string_view account,
                                                          std::string_view region,
                                                          std::string_view name) const {
  const std::string& key = key_of(account, region, name);
  const std::lock_guard lock(mutex_);
  const auto found = routes_.find(key);
  return found == routes_.end() ? nullptr : found->second;
}

}  // namespace clary::engine
