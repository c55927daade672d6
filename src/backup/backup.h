// Taking a snapshot of a data folder, beside a server that works in it or without one.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "backup/manifest.h"

namespace clary::backup {

struct BackupOptions {
  std::filesystem::path data_dir, to;
  std::string program;  // this program's version
  Timestamp now{};
  // The root key file to put beside what it opens; "" to leave it out, as one should.
  std::filesystem::path root_key;
  std::string root_key_fingerprint;
  std::size_t keep = 7;  // snapshots; older ones are removed when the new one is whole
};

struct BackupReport {
  std::filesystem::path snapshot;
  std::size_t data_files = 0, copied_files = 0;
  std::uint64_t data_bytes = 0, copied_bytes = 0;
  std::size_t volumes = 0, copied_volumes = 0;  // of notebook instances
  std::size_t removed_snapshots = 0, removed_files = 0;
};

// Consistent: one moment in both databases, with every data file their rows name. Incremental: data
// files that an earlier snapshot in `to` has are not copied again. A run that was killed leaves no
// snapshot, and the next one goes on with the files it copied.
// blocks. Throws StorageError, std::runtime_error.
BackupReport make_backup(const BackupOptions& options);

}  // namespace clary::backup
