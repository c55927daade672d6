// Where a run's files are: the folder behind /opt/ml, in the run's own folder or on what encrypts
// it.
#pragma once

#include <filesystem>
#include <optional>

#include "agent/run_file.h"
#include "agent/s3_client.h"
#include "process/encrypted_disk.h"

namespace clary::agent {

class Volume {
 public:
  // Encrypts the folder when the run names a key; `s3` is the server whose KMS gives it, to the
  // job's role. The key is in the kernel's memory and on no disk. blocks. Throws
  // std::runtime_error.
  Volume(const RunFile& run, const S3Options& s3, const Clock& clock);

  // What was written is there, as far as can be told. Throws std::runtime_error, or StorageError
  // when the machine's disk is full. Only an encrypted one can be lost behind the workload's back.
  void check();

 private:
  const std::filesystem::path opt_ml_;
  const bool encrypted_;
  std::optional<process::WriteErrors> errors_;
};

}  // namespace clary::agent
