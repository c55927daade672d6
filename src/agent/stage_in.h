// Bringing a run's inputs from S3 into its /opt/ml.
#pragma once

#include <atomic>
#include <filesystem>
#include <vector>

#include "agent/input_objects.h"
#include "agent/pipe_channels.h"
#include "agent/progress.h"
#include "agent/s3_client.h"
#include "base/clock.h"
#include "base/job_spec.h"

namespace clary::agent {

// The objects of a prefix or a manifest that are this instance's share. blocks. errors: S3Failure,
// InputError, Cancelled, std::invalid_argument (the S3 URI).
std::vector<InputObject> list_objects(S3Client& client, const InputSpec& input,
                                      const JobSpec& spec);

// blocks until every input is there; those that come through pipes are found, and streamed later.
// `opt_ml` is the host's folder behind /opt/ml. Several objects are fetched at once.
// errors: S3Failure, InputError, BadArchive, StorageError, Cancelled.
std::vector<PipePlan> stage_in(const JobSpec& spec, const std::filesystem::path& opt_ml,
                               const S3Options& s3, const Clock& clock,
                               const std::atomic<bool>& cancelled, DownloadProgress& progress);

}  // namespace clary::agent
