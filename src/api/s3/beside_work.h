// Work on the pool that goes on while its coroutine reads or writes the connection.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <exception>
#include <functional>

#include "base/worker_pool.h"

namespace clary::api::s3 {

// One piece of work at a time. join() must be awaited before what the work refers to goes away.
// threads: the connection's executor only. A full pool is waited for: a payload that is half moved
// is not refused for want of a worker.
class BesideWork {
 public:
  BesideWork(boost::asio::any_io_executor executor, WorkerPool& workers)
      : executor_(executor), workers_(workers), wakeup_(executor) {}

  void start(std::function<void()> work);
  // Returns the error rather than throwing it, so that a failing caller can still wait.
  boost::asio::awaitable<std::exception_ptr> join();

 private:
  boost::asio::any_io_executor executor_;
  WorkerPool& workers_;
  boost::asio::steady_timer wakeup_;
  bool running_ = false;
  std::exception_ptr error_;
};

}  // namespace clary::api::s3
