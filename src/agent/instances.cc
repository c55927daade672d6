#include "agent/instances.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>

#include <array>
#include <fstream>
#include <optional>

#include "base/errors.h"
#include "process/file_descriptor.h"

namespace clary::agent {
namespace {

namespace fs = std::filesystem;

constexpr const char* kMark = "workload-ended";
constexpr int kPauseMilliseconds = 20;
// Beyond the workloads' own grace: for their agents.
constexpr std::chrono::seconds kSpare{10};

// Its lock is held as long as its agent lives (engine/local_backend.h); where there is none, nobody
// knows.
bool agent_is_gone(const fs::path& run_folder) {
  const process::FileDescriptor lock(open((run_folder / "lock").c_str(), O_RDONLY | O_CLOEXEC));
  return lock && flock(lock.get(), LOCK_SH | LOCK_NB) == 0;
}

bool has_mark(const fs::path& run_folder) {
  std::error_code error;
  return fs::exists(run_folder / kMark, error);
}

}  // namespace

void mark_workload_ended(const fs::path& run_folder) {
  std::ofstream mark(run_folder / kMark);
  mark << std::flush;
  if (!mark) throw StorageError("write " + (run_folder / kMark).string());
}

Others wait_for_others(const RunFile& run, StopRequest& stop, const Clock& clock, bool ending) {
  Others others;
  std::optional<std::chrono::steady_clock::time_point> end;
  const auto limit = [&] { return clock.steady_now() + run.spec.limits.term_grace + kSpare; };
  if (ending) end = limit();
  for (int i = 1; i < run.spec.instance_count; ++i) {
    const fs::path other = run.folder.parent_path() / (run.spec.id + "-" + std::to_string(i + 1));
    while (!has_mark(other) && !agent_is_gone(other) && (!end || clock.steady_now() < *end)) {
      std::array<pollfd, 2> asked{{{stop.signals(), POLLIN, 0}, {stop.asked(), POLLIN, 0}}};
      if (poll(asked.data(), asked.size(), kPauseMilliseconds) <= 0) continue;
      stop.drain();
      others.stopped = true;
      if (!end) end = limit();
    }
    if (has_mark(other)) others.folders.push_back(read_run_file(other).opt_ml);
  }
  return others;
}

}  // namespace clary::agent
