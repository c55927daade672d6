#include "identity/login_throttle.h"

#include <algorithm>

namespace clary::identity {

std::chrono::milliseconds LoginThrottle::enter(std::string_view name, Timestamp now) {
  const std::lock_guard lock(mutex_);
  auto found = entries_.find(std::string(name));
  if (found == entries_.end()) {
    if (entries_.size() >= limits_.names) make_room(now);
    found = entries_.emplace(std::string(name), Entry{}).first;
  }
  Entry& entry = found->second;
  if (entry.until > now) return entry.until - now;
  if (entry.failures > 0 && now - entry.until > limits_.longest_wait) entry.failures = 0;
  ++entry.failures;
  std::chrono::milliseconds wait{0};
  if (entry.failures > limits_.free_failures) {
    const int doublings = std::min(entry.failures - limits_.free_failures - 1, 20);
    wait = std::min<std::chrono::milliseconds>(limits_.first_wait * (1 << doublings),
                                               limits_.longest_wait);
  }
  entry.until = now + wait;
  return std::chrono::milliseconds(0);
}

void LoginThrottle::succeeded(std::string_view name) {
  const std::lock_guard lock(mutex_);
  entries_.erase(std::string(name));
}

std::size_t LoginThrottle::size() const {
  const std::lock_guard lock(mutex_);
  return entries_.size();
}

void LoginThrottle::make_room(Timestamp now) {
  std::erase_if(entries_,
                [&](const auto& entry) { return now - entry.second.until > limits_.longest_wait; });
  if (entries_.size() < limits_.names) return;
  entries_.erase(
      std::ranges::min_element(entries_, {}, [](const auto& entry) { return entry.second.until; }));
}

}  // namespace clary::identity
