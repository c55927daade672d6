#include "http/io_thread.h"

#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>

#include "base/clock.h"
#include "base/log.h"
#include "base/random.h"
#include "http/connection.h"

namespace clary::http {

namespace asio = boost::asio;

namespace {

constexpr auto kTick = std::chrono::milliseconds(200);

// xoroshiro128++ (Blackman and Vigna, 2019): request ids must differ, not be secret, and the
// system's generator would cost a system call for each.
std::uint64_t next_number(std::array<std::uint64_t, 2>& state) {
  auto [s0, s1] = state;
  const std::uint64_t result = std::rotl(s0 + s1, 17) + s0;
  s1 ^= s0;
  state[0] = std::rotl(s0, 49) ^ s1 ^ (s1 << 21);
  state[1] = std::rotl(s1, 28);
  return result;
}

}  // namespace

IoThread::IoThread(const ServerOptions& options, const Handler& handler)
    : options_(options), handler_(handler), work_(io_.get_executor()), timer_(io_) {
  fill_random(std::as_writable_bytes(std::span(id_state_)));
  tick();
}

IoThread::~IoThread() {
  join();
}

void IoThread::start() {
  arm_tick();
  thread_ = std::thread([this] {
    while (true) {
      try {
        io_.run();
        return;
      } catch (const std::exception& error) {
        spdlog::error("an exception reached the event loop: {}", error.what());
      }
    }
  });
}

void IoThread::adopt(int file, std::string peer, AddressCounts::Slot slot) {
  connection_count.fetch_add(1, std::memory_order_relaxed);
  asio::post(io_, [this, file, peer = std::move(peer), slot = std::move(slot)]() mutable {
    boost::system::error_code error;
    Socket socket(io_);
    socket.assign(asio::generic::stream_protocol(options_.unix_path.empty() ? AF_INET : AF_UNIX, 0),
                  file, error);
    if (error) {
      ::close(file);
      connection_count.fetch_sub(1, std::memory_order_relaxed);
      return;
    }
    auto connection =
        std::make_unique<Connection>(std::move(socket), *this, std::move(peer), std::move(slot));
    asio::co_spawn(io_, run_connection(std::move(connection)), [](std::exception_ptr thrown) {
      if (!thrown) return;
      try {
        std::rethrow_exception(thrown);
      } catch (const std::exception& caught) {
        spdlog::error("a connection ended with an exception: {}", caught.what());
      }
    });
  });
}

void IoThread::begin_drain() {
  asio::post(io_, [this] {
    draining_ = true;
    for (Connection* connection : connections_) connection->end_if_idle();
  });
}

void IoThread::abort_all() {
  asio::post(io_, [this] {
    draining_ = true;
    for (Connection* connection : connections_) connection->abort();
  });
}

void IoThread::join() {
  work_.reset();
  io_.stop();
  if (thread_.joinable()) thread_.join();
}

void IoThread::enter(Connection& connection) {
  connections_.insert(&connection);
}

void IoThread::leave(Connection& connection) {
  connections_.erase(&connection);
  connection_count.fetch_sub(1, std::memory_order_relaxed);
}

void IoThread::tick() {
  now_ = std::chrono::steady_clock::now();
  const auto wall = std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
  const auto second = std::chrono::floor<std::chrono::seconds>(wall.time_since_epoch());
  if (second != date_second_) {
    date_second_ = second;
    date_header_ = "Date: " + http_date(wall) + "\r\n";
  }
  for (Connection* connection : connections_) connection->expire_if_due();
}

void IoThread::arm_tick() {
  timer_.expires_after(kTick);
  timer_.async_wait([this](const boost::system::error_code& error) {
    if (error) return;
    tick();
    arm_tick();
  });
}

// A version 4 UUID.
std::string IoThread::next_request_id() {
  static constexpr char kDigits[] = "0123456789abcdef";
  const std::uint64_t high = (next_number(id_state_) & ~0xF000ULL) | 0x4000ULL;
  const std::uint64_t low = (next_number(id_state_) & ~(3ULL << 62)) | (2ULL << 62);
  std::string id(36, '-');
  std::size_t position = 0;
  for (int nibble = 0; nibble < 32; ++nibble) {
    if (nibble == 8 || nibble == 12 || nibble == 16 || nibble == 20) ++position;
    const std::uint64_t word = nibble < 16 ? high : low;
    id[position++] = kDigits[(word >> (60 - 4 * (nibble % 16))) & 0xF];
  }
  return id;
}

}  // namespace clary::http
