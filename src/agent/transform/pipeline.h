// A transform's objects on their way: fetched, taken apart, sent to the model by several threads at
// once, put together in order, uploaded. Memory is bounded by concurrency times payload, whatever
// the objects' sizes.
#pragma once

#include <atomic>
#include <filesystem>
#include <functional>
#include <string>

#include "agent/s3_client.h"
#include "agent/transform/model_client.h"
#include "base/clock.h"
#include "base/job_spec.h"

namespace clary::agent {

struct TransformOptions {
  const JobSpec& spec;  // with a TransformSpec
  const S3Options& s3;
  const Clock& clock;
  std::filesystem::path socket;   // the model server's
  std::filesystem::path scratch;  // a folder for objects while they are read
  // Lines for the job's log. From any thread.
  std::function<void(const std::string&)> say;
  const std::atomic<bool>& cancelled;
};

struct TransformResult {
  std::size_t objects = 0, failed = 0;
  std::string reason;  // of the first object that failed; ready for FailureReason
};

// blocks until every object is through. One that fails leaves no output and does not keep the
// others from theirs. errors: Cancelled, S3Failure and InputError (the list of objects),
// StorageError.
TransformResult run_transform(const TransformOptions& options);

}  // namespace clary::agent
