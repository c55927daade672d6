// The way from a network name space to the world: slirp4netns, which opens in the machine's own
// network what is opened inside. The machine's loopback is not reached that way.
#pragma once

#include <string>

#include "process/file_descriptor.h"
#include "process/network_space.h"
#include "process/spawn.h"

namespace clary::agent {

// owns: the process, which ends with this one, however that ends.
class WayOut {
 public:
  // blocks: until the way is there. Throws CannotLaunch.
  explicit WayOut(const process::NetworkSpace& space);
  ~WayOut();
  WayOut(const WayOut&) = delete;
  WayOut& operator=(const WayOut&) = delete;

  // What resolves names inside: a resolv.conf.
  static std::string resolver();

 private:
  process::Pipe life_;  // the process ends when its writer does
  process::Child child_;
};

}  // namespace clary::agent
