// What the connections of one thread share: its event loop, its coarse clock, its counters.
#pragma once

#include <array>
#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <string>
#include <thread>
#include <unordered_set>

#include "http/address_counts.h"
#include "http/server.h"
#include "http/transport.h"

namespace clary::http {

class Connection;

// owns: nothing of the connections but their membership; each lives in its own coroutine.
// threads: counters and `connection_count` from any; the rest its own thread only.
class IoThread {
 public:
  // `options` and `handler` outlive this object.
  IoThread(const ServerOptions& options, const Handler& handler);
  ~IoThread();

  void start();
  // Takes an accepted socket (owned from here on), from any thread.
  void adopt(int file, std::string peer, AddressCounts::Slot slot);
  // From any thread: no request after the ones under way.
  void begin_drain();
  // From any thread: breaks off every connection.
  void abort_all();
  void join();

  boost::asio::io_context& io() { return io_; }
  const SteadyTime& now() const { return now_; }
  // "Date: Sun, 22 Nov 2026 20:28:40 GMT\r\n", fresh to the second.
  const std::string& date_header() const { return date_header_; }
  bool draining() const { return draining_; }
  const ServerOptions& options() const { return options_; }
  const Handler& handler() const { return handler_; }
  std::string next_request_id();

  void enter(Connection& connection);
  void leave(Connection& connection);
  void count(unsigned status) {
    by_class_[std::min(status / 100, 5U)].fetch_add(1, std::memory_order_relaxed);
  }

  std::array<std::atomic<std::uint64_t>, 6> by_class_{};
  std::atomic<std::size_t> connection_count{0};

 private:
  void tick();
  void arm_tick();

  const ServerOptions& options_;
  const Handler& handler_;
  SteadyTime now_ = std::chrono::steady_clock::now();
  std::chrono::seconds date_second_{-1};
  std::string date_header_;
  bool draining_ = false;
  std::unordered_set<Connection*> connections_;
  std::array<std::uint64_t, 2> id_state_{};
  std::thread thread_;
  // Destroyed first: what coroutines it still holds use the members above.
  boost::asio::io_context io_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
  boost::asio::steady_timer timer_;
};

}  // namespace clary::http
