// The table of runs: one row for each that nobody has forgotten yet.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "engine/runs.h"
#include "store/database.h"

namespace clary::engine {

struct StoredRun {
  Run run;
  AgentAccess access;         // only the token once the run has ended
  std::uint64_t applied = 0;  // sequence number of the last report applied
};

// threads: any. errors: StorageError.
class RunTable {
 public:
  // `sinks` outlives it.
  RunTable(store::Database& database, const RunSinks& sinks) : database_(database), sinks_(sinks) {}
  static std::span<const store::Migration> migrations();

  std::vector<StoredRun> load();  // in the order of submission
  // All or none. Commits soon; `done` runs then, on the writer thread, with the error if any.
  void insert_later(const std::vector<StoredRun>& runs,
                    std::function<void(std::exception_ptr)> done);
  // blocks: until the commit. `beside` runs in the same transaction.
  void save(const StoredRun& stored, const std::function<void(store::Connection&)>& beside);
  void save_all(const std::vector<StoredRun>& runs);
  void save_later(const std::vector<StoredRun>& runs);
  // When a report only brought log lines: the state stays as it is.
  void save_applied(const StoredRun& stored, const std::function<void(store::Connection&)>& beside);
  void remove(const std::vector<std::string>& ids);

 private:
  store::Database& database_;
  const RunSinks& sinks_;
};

}  // namespace clary::engine
