#include "agent/transform/pipeline_thread.h"

#include <sys/eventfd.h>

#include <utility>

namespace clary::agent {

PipelineThread::PipelineThread(const JobSpec& spec, const S3Options& s3, const Clock& clock,
                               std::filesystem::path socket, std::filesystem::path scratch)
    : changed_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  thread_ = std::thread(
      [this, &spec, &s3, &clock, socket = std::move(socket), scratch = std::move(scratch)] {
        try {
          result_ = run_transform({.spec = spec,
                                   .s3 = s3,
                                   .clock = clock,
                                   .socket = socket,
                                   .scratch = scratch,
                                   .say = [this](const std::string& line) { say(line); },
                                   .cancelled = cancelled_});
        } catch (...) {
          error_ = std::current_exception();
        }
        over_ = true;
        eventfd_write(changed_.get(), 1);
      });
}

PipelineThread::~PipelineThread() {
  cancel();
  if (thread_.joinable()) thread_.join();
}

void PipelineThread::say(const std::string& line) {
  {
    const std::lock_guard lock(mutex_);
    lines_.push_back(line);
  }
  eventfd_write(changed_.get(), 1);
}

std::vector<std::string> PipelineThread::take_lines() {
  eventfd_t count = 0;
  eventfd_read(changed_.get(), &count);
  const std::lock_guard lock(mutex_);
  return std::exchange(lines_, {});
}

TransformResult PipelineThread::result() {
  if (thread_.joinable()) thread_.join();
  if (error_) std::rethrow_exception(error_);
  return result_;
}

}  // namespace clary::agent
