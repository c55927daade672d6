// Slows those who guess passwords: after a few failures each further try has to wait twice as long.
#pragma once

#include <chrono>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/clock.h"

namespace clary::identity {

// Counts by name (a user, an address). Memory is bounded: when it is full, those who may try again
// soonest are forgotten first.
// threads: any.
class LoginThrottle {
 public:
  // `free_failures` cost nothing, the next one `first_wait`, up to `longest_wait`. A name that did
  // not fail for `longest_wait` beyond its wait starts anew.
  struct Limits {
    int free_failures = 4;
    std::chrono::seconds first_wait{1};
    std::chrono::seconds longest_wait{900};
    std::size_t names = 10000;
  };
  explicit LoginThrottle(Limits limits) : limits_(limits) {}

  // How long `name` has to wait; zero counts this try as a failure until succeeded() takes it
  // back, so that tries at the same time do not get past the count.
  std::chrono::milliseconds enter(std::string_view name, Timestamp now);
  void succeeded(std::string_view name);
  std::size_t size() const;

 private:
  struct Entry {
    int failures = 0;
    Timestamp until{};
  };
  void make_room(Timestamp now);

  const Limits limits_;
  mutable std::mutex mutex_;
  std::unordered_map<std::string, Entry> entries_;
};

}  // namespace clary::identity
