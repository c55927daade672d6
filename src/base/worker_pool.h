// The bounded pool on which plain blocking functions run, and the one way to get there from a
// coroutine.
#pragma once

#include <atomic>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cstddef>
#include <exception>
#include <optional>
#include <stdexcept>
#include <type_traits>
#include <utility>
#include <variant>

namespace clary {

// Thrown by on_workers when the queue is full: the dispatcher answers 503 at once.
class Overloaded : public std::runtime_error {
 public:
  Overloaded() : std::runtime_error("all workers are busy") {}
};

// threads: any. order: destroyed after every coroutine that uses it, but stopped before the
// io_context they run on is destroyed: a worker may still be handing the last of them back when
// that one has already ended. The destructor joins.
class WorkerPool {
 public:
  WorkerPool(std::size_t threads, std::size_t queue_limit)
      : pool_(threads), queue_limit_(queue_limit) {}
  ~WorkerPool() { stop(); }
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  // Lets queued work finish, then returns. May be called twice.
  void stop() { pool_.join(); }

  // False when the queue is full; then `work` was not taken.
  template <class Work>
  bool try_post(Work&& work) {
    if (queued_.fetch_add(1, std::memory_order_relaxed) >= queue_limit_) {
      queued_.fetch_sub(1, std::memory_order_relaxed);
      return false;
    }
    boost::asio::post(pool_, [this, work = std::forward<Work>(work)]() mutable {
      work();
      queued_.fetch_sub(1, std::memory_order_relaxed);
    });
    return true;
  }

 private:
  boost::asio::thread_pool pool_;
  const std::size_t queue_limit_;
  std::atomic<std::size_t> queued_{0};
};

// Runs `function` on the pool and resumes on the caller's own executor with its result or its
// exception. Throws Overloaded without running it when the pool is full. `function` and what it
// refers to must live in the caller's frame (they do when the caller co_awaits at once).
template <class Function>
boost::asio::awaitable<std::invoke_result_t<Function>> on_workers(WorkerPool& pool,
                                                                  Function function) {
  using Result = std::invoke_result_t<Function>;
  using Stored = std::conditional_t<std::is_void_v<Result>, std::monostate, Result>;
  struct State {
    std::optional<Stored> result;
    std::exception_ptr error;
    bool refused = false;
  } state;
  auto executor = co_await boost::asio::this_coro::executor;
  auto initiate = [&](auto handler) {
    auto shared = std::make_shared<decltype(handler)>(std::move(handler));
    auto resume = [executor, shared] {
      boost::asio::post(executor, [shared]() mutable { std::move (*shared)(); });
    };
    const bool taken = pool.try_post([&state, &function, resume] {
      try {
        if constexpr (std::is_void_v<Result>) {
          function();
          state.result.emplace();
        } else {
          state.result.emplace(function());
        }
      } catch (...) {
        state.error = std::current_exception();
      }
      resume();
    });
    if (!taken) {
      state.refused = true;
      resume();
    }
  };
  co_await boost::asio::async_initiate<const boost::asio::use_awaitable_t<>, void()>(
      initiate, boost::asio::use_awaitable);
  if (state.refused) throw Overloaded();
  if (state.error) std::rethrow_exception(state.error);
  if constexpr (!std::is_void_v<Result>) co_return std::move(*state.result);
}

}  // namespace clary
