#include "agent/staging.h"

#include <sys/eventfd.h>

#include "agent/stage_in.h"

namespace clary::agent {

Staging::Staging(const JobSpec& spec, std::filesystem::path opt_ml, const S3Options& s3,
                 const Clock& clock)
    : done_(eventfd(0, EFD_CLOEXEC)) {
  thread_ = std::thread([this, &spec, folder = std::move(opt_ml), &s3, &clock] {
    try {
      pipes_ = stage_in(spec, folder, s3, clock, cancelled_, progress_);
    } catch (...) {
      error_ = std::current_exception();
    }
    eventfd_write(done_.get(), 1);
  });
}

Staging::~Staging() {
  cancel();
  if (thread_.joinable()) thread_.join();
}

std::exception_ptr Staging::result() {
  if (thread_.joinable()) thread_.join();
  return error_;
}

}  // namespace clary::agent
