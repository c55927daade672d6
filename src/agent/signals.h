// What can ask an agent to stop: SIGTERM and SIGINT, and the server's answers, as one descriptor.
#pragma once

#include "process/file_descriptor.h"

namespace clary::agent {

// threads: ask() from any. Block the signals in every thread first (main does).
class StopRequest {
 public:
  StopRequest();
  void ask();
  // Readable when a stop was asked for. drain() before the next poll.
  int signals() const { return signals_.get(); }
  int asked() const { return asked_.get(); }
  void drain();

 private:
  process::FileDescriptor signals_, asked_;
};

}  // namespace clary::agent
