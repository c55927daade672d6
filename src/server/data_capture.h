// Captured invocations on their way to S3. Connections only hand them over; one thread writes them
// as files. docs/decisions/data-capture.md has the reasons.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "engine/capture_plan.h"
#include "server/captured.h"

namespace clary::server {

// owns: its thread, from start() to stop(). threads: any. order: stop() when no request is under
// way and while what `Put` uses still works; the destructor writes nothing.
//
// What waits is held in memory, within Limits; what does not fit is dropped, counted and told. A
// file that S3 refuses (who may not write, a key that is disabled) is dropped and told; one that
// could not be written for another reason (a full disk) is tried again.
class DataCapture {
 public:
  using Plan = std::shared_ptr<const engine::CapturePlan>;

  struct Limits {
    std::chrono::milliseconds age{10'000};          // of what waits
    std::size_t file_bytes = std::size_t{4} << 20;  // a file is written when it has as much
    std::size_t plan_bytes = std::size_t{64} << 20;
    std::size_t all_bytes = std::size_t{256} << 20;
  };
  // Writes one object with the rights of the plan's role. blocks. errors: ApiError, others.
  using Put = std::function<void(const engine::CapturePlan& plan, const std::string& key,
                                 const std::string& body)>;
  // Tells the endpoint's owner what was lost. Does not block.
  using Tell = std::function<void(const engine::CapturePlan& plan, const std::string& line)>;

  DataCapture(const Clock& clock, const Limits& limits, Put put, Tell tell);
  ~DataCapture();

  // Takes a lock of this object for the time of a move.
  void offer(const Plan& plan, CapturedInvocation invocation);
  // Writes what waits of the endpoint. blocks.
  void flush(std::string_view account, std::string_view region, std::string_view endpoint);
  // Writes what is due: old enough, enough for a file, or of a plan that nothing refers to any
  // more. blocks.
  void write_due();

  void start();
  // Writes all that waits.
  void stop();

  // Invocations since the server started.
  std::uint64_t written() const { return written_; }
  std::uint64_t lost() const { return lost_; }

 private:
  struct Waiting {
    std::vector<CapturedInvocation> invocations;
    std::size_t bytes = 0;  // of these, and of those being written
    std::uint64_t dropped = 0;
    std::chrono::steady_clock::time_point since, not_before;
  };
  using AllWaiting = std::map<Plan, Waiting>;
  enum class Result { kWritten, kRefused, kLater };

  bool due(const Plan& plan, const Waiting& waiting) const;
  // Writes the plans of which `wanted` is true.
  void write(const std::function<bool(const Plan&, const Waiting&)>& wanted);
  void write_plan(const Plan& plan);
  // Returns what could not be written now.
  std::vector<CapturedInvocation> write_files(const engine::CapturePlan& plan,
                                              std::vector<CapturedInvocation> invocations);
  Result write_file(const engine::CapturePlan& plan, Timestamp first, const std::string& text,
                    std::size_t invocations);
  void run();

  const Clock& clock_;
  const Limits limits_;
  const Put put_;
  const Tell tell_;

  std::mutex writing_;  // held while files are written; taken before mutex_

  std::mutex mutex_;
  std::condition_variable changed_;
  AllWaiting waiting_;         // guarded by mutex_, as the next three
  std::size_t all_bytes_ = 0;  // of all of it
  bool stopping_ = false, enough_ = false;
  std::thread thread_;
  std::atomic<std::uint64_t> written_{0}, lost_{0};
};

}  // namespace clary::server
