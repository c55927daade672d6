// How many connections each address has open, so that one cannot take all there are.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace clary::http {

// threads: any. order: outlives its slots.
class AddressCounts {
 public:
  // Held while the connection lives.
  using Slot = std::unique_ptr<void, std::function<void(void*)>>;

  // Nullopt: the address has `limit` connections; 0 is no limit, and costs nothing.
  std::optional<Slot> take(std::string_view address, std::size_t limit) {
    if (limit == 0) return Slot(nullptr, [](void*) {});
    const std::lock_guard lock(mutex_);
    const auto counted = counts_.try_emplace(std::string(address), 0).first;
    if (counted->second >= limit) return std::nullopt;
    ++counted->second;
    return Slot(this, [this, name = counted->first](void*) { release(name); });
  }

 private:
  void release(const std::string& address) {
    const std::lock_guard lock(mutex_);
    const auto found = counts_.find(address);
    if (--found->second == 0) counts_.erase(found);
  }

  std::mutex mutex_;
  std::unordered_map<std::string, std::size_t> counts_;
};

}  // namespace clary::http
