// What the instances of one job have to settle among their agents at the end: the first packs what
// all of them leave behind. Their runs' folders are beside each other, on this machine or on a file
// system that the machines share.
#pragma once

#include <filesystem>
#include <vector>

#include "agent/run_file.h"
#include "agent/signals.h"
#include "base/clock.h"

namespace clary::agent {

// Tells the first instance that this one's workload changes nothing any more. Throws StorageError.
void mark_workload_ended(const std::filesystem::path& run_folder);

struct Others {
  std::vector<std::filesystem::path> folders;  // behind their /opt/ml; of those that have ended
  bool stopped = false;                        // this instance was asked to stop meanwhile
};
// blocks until the workloads of the other instances have ended, or their agents. When this instance
// was asked to stop, so were they: then no longer than their grace.
Others wait_for_others(const RunFile& run, StopRequest& stop, const Clock& clock, bool ending);

}  // namespace clary::agent
