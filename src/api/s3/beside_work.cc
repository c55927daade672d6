#include "api/s3/beside_work.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace clary::api::s3 {
namespace {

namespace asio = boost::asio;

constexpr std::chrono::milliseconds kRetryDelay{2};

asio::awaitable<void> run_patiently(WorkerPool& workers, std::function<void()> work) {
  asio::steady_timer timer(co_await asio::this_coro::executor);
  while (true) {
    bool refused = false;
    try {
      co_await on_workers(workers, [&work] { work(); });
    } catch (const Overloaded&) {
      refused = true;
    }
    if (!refused) co_return;
    timer.expires_after(kRetryDelay);
    co_await timer.async_wait(asio::use_awaitable);
  }
}

}  // namespace

void BesideWork::start(std::function<void()> work) {
  running_ = true;
  asio::co_spawn(executor_, run_patiently(workers_, std::move(work)),
                 [this](std::exception_ptr error) {
                   error_ = std::move(error);
                   running_ = false;
                   wakeup_.cancel();
                 });
}

asio::awaitable<std::exception_ptr> BesideWork::join() {
  while (running_) {
    wakeup_.expires_at(asio::steady_timer::time_point::max());
    co_await wakeup_.async_wait(asio::as_tuple(asio::use_awaitable));
  }
  co_return std::exchange(error_, nullptr);
}

}  // namespace clary::api::s3
