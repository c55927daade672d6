#include "base/worker_pool.h"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <future>
#include <thread>

namespace clary {
namespace {

namespace asio = boost::asio;

// Runs a coroutine to its end on this thread.
template <class Result>
Result run(asio::io_context& io, asio::awaitable<Result> work) {
  auto future = asio::co_spawn(io, std::move(work), asio::use_future);
  io.run();
  io.restart();
  return future.get();
}

TEST(WorkerPool, RunsElsewhereAndResumesHere) {
  asio::io_context io;
  WorkerPool pool(1, 4);
  const auto here = std::this_thread::get_id();
  auto work = [&]() -> asio::awaitable<int> {
    const int value = co_await on_workers(pool, [&] {
      EXPECT_NE(std::this_thread::get_id(), here);
      return 7;
    });
    EXPECT_EQ(std::this_thread::get_id(), here);
    co_return value;
  };
  EXPECT_EQ(run(io, work()), 7);
}

TEST(WorkerPool, CarriesExceptionsBack) {
  asio::io_context io;
  WorkerPool pool(1, 4);
  auto work = [&]() -> asio::awaitable<void> {
    co_await on_workers(pool, [] { throw std::logic_error("x"); });
  };
  EXPECT_THROW(run(io, work()), std::logic_error);
}

TEST(WorkerPool, RefusesWhenFull) {
  asio::io_context io;
  std::promise<void> gate;  // outlives the pool, whose worker waits for it
  WorkerPool pool(1, 1);
  ASSERT_TRUE(pool.try_post([&] { gate.get_future().wait(); }));
  auto work = [&]() -> asio::awaitable<void> { co_await on_workers(pool, [] {}); };
  EXPECT_THROW(run(io, work()), Overloaded);
  gate.set_value();
}

}  // namespace
}  // namespace clary
