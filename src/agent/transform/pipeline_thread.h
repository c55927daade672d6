// The pipeline beside the main thread, which meanwhile ships logs, listens for a stop and watches
// the model server.
#pragma once

#include <atomic>
#include <exception>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "agent/transform/pipeline.h"
#include "process/file_descriptor.h"

namespace clary::agent {

// owns: its thread; the destructor cancels and joins. What it is given must outlive it.
class PipelineThread {
 public:
  PipelineThread(const JobSpec& spec, const S3Options& s3, const Clock& clock,
                 std::filesystem::path socket, std::filesystem::path scratch);
  ~PipelineThread();
  PipelineThread(const PipelineThread&) = delete;
  PipelineThread& operator=(const PipelineThread&) = delete;

  int changed() const { return changed_.get(); }  // readable: there are lines, or it is over
  std::vector<std::string> take_lines();
  bool over() const { return over_; }
  void cancel() { cancelled_ = true; }
  // blocks until it is over. Throws what the pipeline threw.
  TransformResult result();

 private:
  void say(const std::string& line);

  std::atomic<bool> cancelled_{false}, over_{false};
  process::FileDescriptor changed_;
  std::mutex mutex_;
  std::vector<std::string> lines_;  // guarded by mutex_
  TransformResult result_;          // the thread's until it is joined
  std::exception_ptr error_;        // the thread's until it is joined
  std::thread thread_;
};

}  // namespace clary::agent
