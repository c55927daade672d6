// The files of an output, each to an object of its own, and only when it has changed since it was
// last taken.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "agent/s3_client.h"
#include "base/job_spec.h"

namespace clary::agent {

// What tells one state of a file from another.
struct FileStamp {
  std::uint64_t device = 0, inode = 0, size = 0;
  std::int64_t modified = 0, changed = 0;  // nanoseconds since the epoch
  bool operator==(const FileStamp&) const = default;
};

// What is known of an output's files between two rounds, by their paths in it.
struct OutputFiles {
  std::map<std::string, FileStamp> uploaded, seen;
};

// kAll: every file that is not as it was uploaded. kSettled: of those only what has not changed
// since the last round either: a file that is being written is left until it rests.
enum class Round { kAll, kSettled };

// Uploads the regular files below `folder`, but not those whose names end as SageMaker's containers
// mark unfinished ones and their own notes (.sagemaker-ignore, -uploading, -uploaded). Links are
// not followed: the workload owns the folder. blocks. errors: S3Failure, StorageError, Cancelled.
void upload_files(S3Client& client, int folder, const OutputSpec& output, Round round,
                  OutputFiles& files);

// What is below `folder` as if it had been uploaded: what came from there. That it is given to the
// workload's user later does not count as a change.
OutputFiles files_from_s3(int folder);

}  // namespace clary::agent
