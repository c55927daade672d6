// Who is next: the queue of runs, fair between users. Pure bookkeeping, no threads.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "engine/capacity.h"

namespace clary::engine {

// What a run's place in the queue depends on.
struct Claim {
  std::string user;   // whose share it counts for
  int priority = 0;   // higher goes first, whoever's it is
  bool spot = false;  // goes behind those of its priority that are not
};

// Urgency of a claim: higher goes first.
struct Urgency {
  int priority = 0;
  bool regular = true;  // not spot
  friend auto operator<=>(const Urgency&, const Urgency&) = default;
};
Urgency urgency_of(const Claim& claim);

// Order: by urgency; among equals the user goes first that has the least of the capacity now (its
// dominant share, as in dominant resource fairness: the largest of its shares of CPUs, memory and
// GPUs), then the one that has waited longest; within a user first come, first served. What is next
// waits until it fits: nothing smaller overtakes it, so nothing starves.
// Each call costs O(log n) of what waits, times the urgencies that the user has waiting.
class RunQueue {
 public:
  explicit RunQueue(const Share& total);
  ~RunQueue();

  std::uint64_t add(const Claim& claim);  // its number: higher than those before
  void remove(std::uint64_t number);      // no effect when it is not waiting
  std::optional<std::uint64_t> next() const;
  std::size_t size() const;

  // What a user has of the capacity.
  void give(const std::string& user, const Share& share);
  void take_back(const std::string& user, const Share& share);

  // Who is before a number that waits.
  struct Ahead {
    std::size_t own = 0;     // of the same user, as urgent
    std::size_t urgent = 0;  // more urgent, whoever's
    std::size_t others = 0;  // as urgent, of other users: they take turns with it
  };
  Ahead ahead_of(std::uint64_t number) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// "behind 2 of the same user; 3 more urgent ones go first; takes turns with 4 of others".
std::string to_words(const RunQueue::Ahead& ahead);

}  // namespace clary::engine
