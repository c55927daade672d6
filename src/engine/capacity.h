// What of this machine's CPUs, memory and GPUs is given away: pure counting, no threads.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/job_spec.h"

namespace clary::engine {

struct Share {
  double cpus = 0;
  std::uint64_t memory_bytes = 0;
  unsigned gpus = 0;
  std::size_t runs = 0;  // how many runs it is the sum of

  Share& operator+=(const Share& other);
  Share& operator-=(const Share& other);  // not below nothing
};

class Capacity {
 public:
  // Zero cpus, memory or gpus: that resource is not counted.
  explicit Capacity(const Limits& total);

  // What a run takes. A run that wants more than the machine has gets all of it: instance types
  // name bigger machines than this one may be. Model servers take nothing (runs.h says why).
  // Likewise for instances that run together and want more than that in sum.
  Share share_of(const std::vector<const JobSpec*>& gang) const;
  bool fits(const Share& share) const { return fits(share, {}); }
  // Whether it will, once `freed` has been given back.
  bool fits(const Share& share, const Share& freed) const;
  void take(const Share& share) { used_ += share; }
  void give_back(const Share& share) { used_ -= share; }
  // For people: "needs 2 CPUs and 8.0 GiB; 1.5 of 2 CPUs and 4.0 of 24.0 GiB are in use".
  std::string shortage(const Share& share) const;

  const Share& total() const { return total_; }
  const Share& used() const { return used_; }

 private:
  Share total_, used_;
};

}  // namespace clary::engine
