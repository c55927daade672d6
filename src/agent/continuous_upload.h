// Outputs that are uploaded while the workload runs (S3UploadMode Continuous): beside the main
// thread, every file soon after it has come to rest.
#pragma once

#include <condition_variable>
#include <filesystem>
#include <mutex>
#include <thread>
#include <vector>

#include "agent/output_files.h"
#include "base/clock.h"

namespace clary::agent {

// owns: its thread, when the specification has such outputs. threads: one.
class ContinuousUpload {
 public:
  // Made before the workload starts: what is there by then came from S3. What it is given outlives
  // it.
  ContinuousUpload(const JobSpec& spec, std::filesystem::path opt_ml, const S3Options& s3,
                   const Clock& clock);
  ~ContinuousUpload();
  ContinuousUpload(const ContinuousUpload&) = delete;
  ContinuousUpload& operator=(const ContinuousUpload&) = delete;

  // blocks until the file that is on its way is there. What was uploaded, for each output of the
  // specification: the last round, once nothing writes any more, is stage_out's.
  std::vector<OutputFiles> finish();

 private:
  void run();
  void upload_round(S3Client& client);
  bool sleep(std::chrono::milliseconds time);  // false: it is over

  const JobSpec& spec_;
  const std::filesystem::path opt_ml_;
  const S3Options& s3_;
  const Clock& clock_;
  std::vector<OutputFiles> files_;  // the thread's until it is joined
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;  // guarded by mutex_
  std::thread thread_;
};

}  // namespace clary::agent
