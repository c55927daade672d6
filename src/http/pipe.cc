#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/log.h"
#include "http/byte_stream.h"

namespace clary::http {

namespace asio = boost::asio;
using SteadyClock = std::chrono::steady_clock;

namespace {

constexpr std::size_t kPieceBytes = 16 * 1024;

struct Pipe {
  ByteStream& one;
  ByteStream& other;
  const PipeLimits limits;
  SteadyClock::time_point last = SteadyClock::now();

  void abort() {
    one.abort();
    other.abort();
  }
  asio::awaitable<void> copy(ByteStream& from, ByteStream& to);
  asio::awaitable<void> watch();
};

asio::awaitable<void> Pipe::copy(ByteStream& from, ByteStream& to) {
  try {
    std::vector<char> piece(kPieceBytes);
    while (const std::size_t bytes = co_await from.read_some(piece)) {
      last = SteadyClock::now();
      co_await to.write({piece.data(), bytes});
      last = SteadyClock::now();
    }
    co_await to.end();
  } catch (const std::exception& error) {
    spdlog::debug("an upgraded connection ends: {}", error.what());
    abort();
  }
}

asio::awaitable<void> Pipe::watch() {
  asio::steady_timer timer(co_await asio::this_coro::executor);
  while (true) {
    const auto due = std::min(last + limits.idle, limits.until);
    if (SteadyClock::now() >= due) break;
    timer.expires_at(due);
    co_await timer.async_wait(asio::use_awaitable);
  }
  abort();
}

}  // namespace

asio::awaitable<void> pipe(ByteStream& one, ByteStream& other, PipeLimits limits) {
  using namespace asio::experimental::awaitable_operators;
  Pipe both{one, other, limits};
  co_await ((both.copy(one, other) && both.copy(other, one)) || both.watch());
}

}  // namespace clary::http
