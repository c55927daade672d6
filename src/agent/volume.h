// The encrypted volume of a run, where its specification asks for one.
#pragma once

#include <optional>

#include "agent/run_file.h"
#include "agent/s3_client.h"
#include "base/clock.h"
#include "process/encrypted_folder.h"

namespace clary::agent {

// Mounts it over the run's folder `ml`, before anything is there. The key is in this process and in
// the one that serves the folder, and on no disk. errors: S3Failure (of KMS), std::runtime_error.
void mount_volume(const RunFile& run, const S3Options& s3, const Clock& clock,
                  std::optional<process::EncryptedFolder>& volume);

}  // namespace clary::agent
