// Tells when processes end, whether they are children or were started by an earlier server.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "process/process_id.h"

namespace clary::process {

// owns: one thread. threads: any. order: destroyed before what the callbacks use; no callback runs
// after the destructor.
class ExitWatch {
 public:
  ExitWatch();
  ~ExitWatch();
  ExitWatch(const ExitWatch&) = delete;
  ExitWatch& operator=(const ExitWatch&) = delete;

  // `ended` runs once, on the watch's thread, soon after the process ended (also when it has ended
  // before this call). A child of this program is reaped.
  void watch(const ProcessId& id, std::function<void()> ended);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace clary::process
