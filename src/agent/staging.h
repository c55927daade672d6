// Staging in beside the main thread, which meanwhile sets the sandbox up and listens for a stop.
#pragma once

#include <atomic>
#include <exception>
#include <filesystem>
#include <thread>

#include "agent/pipe_channels.h"
#include "agent/progress.h"
#include "agent/s3_client.h"
#include "base/clock.h"
#include "base/job_spec.h"
#include "process/file_descriptor.h"

namespace clary::agent {

// owns: its thread; the destructor cancels and joins. What it is given must outlive it.
class Staging {
 public:
  Staging(const JobSpec& spec, std::filesystem::path opt_ml, const S3Options& s3,
          const Clock& clock);
  ~Staging();
  Staging(const Staging&) = delete;
  Staging& operator=(const Staging&) = delete;

  int done() const { return done_.get(); }  // readable when it is over
  void cancel() { cancelled_ = true; }
  const DownloadProgress& progress() const { return progress_; }
  // blocks until it is over; null when all inputs are there.
  std::exception_ptr result();
  // After result(): the channels that are still to be streamed.
  std::vector<PipePlan> take_pipes() { return std::move(pipes_); }

 private:
  std::atomic<bool> cancelled_{false};
  DownloadProgress progress_;
  process::FileDescriptor done_;
  std::vector<PipePlan> pipes_;  // the thread's until it is joined
  std::exception_ptr error_;     // the thread's until it is joined
  std::thread thread_;
};

}  // namespace clary::agent
