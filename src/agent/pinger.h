// Asking a server for its health, beside the main thread: a server that hangs must not hold
// up the shipping of its logs.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

#include "process/file_descriptor.h"

namespace clary::agent {

struct PingTimes {
  std::chrono::milliseconds first{2}, longest_between{100};  // until the first 200: doubling
  std::chrono::milliseconds healthy_every{5000};
  std::chrono::milliseconds timeout{2000};  // SageMaker's for /ping
};

// owns: its thread; the destructor joins. One per start of a model server.
class Pinger {
 public:
  // `path`: of the requests, "/ping".
  Pinger(std::filesystem::path socket, std::string path, const PingTimes& times);
  ~Pinger();
  Pinger(const Pinger&) = delete;
  Pinger& operator=(const Pinger&) = delete;

  int changed() const { return changed_.get(); }       // readable after a ping whose result is news
  bool ready() const { return ready_; }                // it answered 200 at least once
  int failures_in_a_row() const { return failures_; }  // since it was ready
  void drain();

 private:
  void run();
  bool sleep(std::chrono::milliseconds time);

  const std::filesystem::path socket_;
  const std::string path_;
  const PingTimes times_;
  process::FileDescriptor changed_;
  std::atomic<bool> ready_{false};
  std::atomic<int> failures_{0};
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;  // guarded by mutex_
  std::thread thread_;
};

}  // namespace clary::agent
