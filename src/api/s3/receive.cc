#include "api/s3/receive.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace clary::api::s3 {
namespace {

namespace asio = boost::asio;

constexpr std::size_t kPieceBytes = 1 << 20;
constexpr std::chrono::milliseconds kRetryDelay{2};

// Fills `buffer`; fewer bytes only at the end of the body.
asio::awaitable<std::size_t> fill(BodyReader& body, std::span<std::byte> buffer) {
  std::size_t filled = 0;
  while (filled < buffer.size()) {
    const auto count = co_await body.read_some(buffer.subspan(filled));
    if (count == 0) break;
    filled += count;
  }
  co_return filled;
}

// A payload that is half read is not refused for want of a worker: it waits for one.
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

// Work on the pool that goes on while its coroutine does something else. join() must be awaited
// before what the work refers to goes away. threads: the connection's executor only.
class BesideWork {
 public:
  BesideWork(asio::any_io_executor executor, WorkerPool& workers)
      : executor_(executor), workers_(workers), wakeup_(executor) {}

  void start(std::function<void()> work) {
    running_ = true;
    asio::co_spawn(executor_, run_patiently(workers_, std::move(work)),
                   [this](std::exception_ptr error) {
                     error_ = std::move(error);
                     running_ = false;
                     wakeup_.cancel();
                   });
  }

  // Returns the error rather than throwing it, so that a failing caller can still wait.
  asio::awaitable<std::exception_ptr> join() {
    while (running_) {
      wakeup_.expires_at(asio::steady_timer::time_point::max());
      co_await wakeup_.async_wait(asio::as_tuple(asio::use_awaitable));
    }
    co_return std::exchange(error_, nullptr);
  }

 private:
  asio::any_io_executor executor_;
  WorkerPool& workers_;
  asio::steady_timer wakeup_;
  bool running_ = false;
  std::exception_ptr error_;
};

using Bytes = std::span<const std::byte>;

asio::awaitable<void> receive_large(Context& context, BodyReader& body, PayloadChecks& checks,
                                    std::vector<std::byte> first,
                                    std::function<void(objects::ObjectWriter&)> commit) {
  std::unique_ptr<objects::ObjectWriter> writer;
  std::array<std::vector<std::byte>, 2> buffers{std::move(first),
                                                std::vector<std::byte>(kPieceBytes)};
  const auto announced = body.content_length();
  const auto consume = [&](Bytes bytes) {
    if (!writer) writer = context.store.open_writer(announced);
    checks.update(bytes);
    writer->write(bytes);
  };
  BesideWork work(co_await asio::this_coro::executor, context.workers);
  std::size_t current = 0;
  std::size_t filled = buffers[0].size();
  std::exception_ptr failed;
  while (filled > 0 && !failed) {
    work.start([&consume, bytes = Bytes(buffers[current]).first(filled)] { consume(bytes); });
    std::exception_ptr unread;
    current = 1 - current;
    try {
      filled = co_await fill(body, buffers[current]);
    } catch (...) {
      unread = std::current_exception();
    }
    failed = co_await work.join();
    if (unread) failed = unread;
  }
  if (!failed) {
    work.start([&] {
      checks.verify(body.trailers(), writer->md5());
      commit(*writer);
    });
    failed = co_await work.join();
  }
  if (failed) std::rethrow_exception(failed);
}

}  // namespace

asio::awaitable<void> receive(Context& context, BodyReader& body, PayloadChecks& checks,
                              std::function<void(objects::ObjectWriter&)> commit) {
  const auto announced = body.content_length();
  // One byte more than announced, so that the end shows at once.
  std::vector<std::byte> buffer(announced ? std::min<std::uint64_t>(*announced + 1, kPieceBytes)
                                          : kPieceBytes);
  const auto filled = co_await fill(body, buffer);
  if (filled == buffer.size()) {
    co_await receive_large(context, body, checks, std::move(buffer), std::move(commit));
    co_return;
  }
  co_await on_workers(context.workers, [&] {
    const auto bytes = Bytes(buffer).first(filled);
    const auto writer = context.store.open_writer(filled);
    checks.update(bytes);
    writer->write(bytes);
    checks.verify(body.trailers(), writer->md5());
    commit(*writer);
  });
}

}  // namespace clary::api::s3
