// One connection's bytes, plain or TLS, with the deadline of the operation under way.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

namespace clary::http {

using SteadyTime = std::chrono::steady_clock::time_point;
using Socket = boost::asio::basic_stream_socket<boost::asio::generic::stream_protocol,
                                                boost::asio::io_context::executor_type>;

class TlsContexts;

enum class IoStatus { kOk, kEnd, kTimeout, kBroken };

struct IoResult {
  IoStatus status = IoStatus::kOk;
  std::size_t bytes = 0;
};

// Deadlines are checked by a coarse tick of the connection's thread (expire_if), not by a timer of
// each read: setting one costs a store. `now` is that thread's coarse clock.
//
// System calls are tried first and waited for only when they would block, so that a small answer
// costs one send and no turn of the event loop.
//
// threads: the connection's own.
class Transport {
 public:
  // `write_timeout`: how long a peer may take no byte of what we send.
  Transport(Socket socket, const SteadyTime& now, std::chrono::milliseconds write_timeout);

  // Waits for the first byte without taking it; TLS when it is a ClientHello's.
  boost::asio::awaitable<IoResult> peek(char& byte);
  boost::asio::awaitable<IoStatus> start_tls(TlsContexts& contexts);
  bool is_tls() const { return tls_ != nullptr; }

  boost::asio::awaitable<IoResult> read_some(std::span<char> buffer);
  // What is there now; 0 bytes with kOk when nothing is.
  IoResult try_read(std::span<char> buffer);
  // All of `first`, then all of `second`.
  boost::asio::awaitable<IoStatus> write(std::string_view first, std::string_view second = {});
  // The same when the socket takes everything at once; else says how much it took.
  IoResult try_write(std::string_view first, std::string_view second);
  boost::asio::awaitable<IoStatus> send_file(int file, std::uint64_t offset, std::uint64_t length);
  // The head of what send_file() sends next, without a packet of its own.
  boost::asio::awaitable<IoStatus> write_before_file(std::string_view head);

  // For reads; writes look after their own, so that both may be under way.
  void set_deadline(std::chrono::milliseconds from_now) { deadline_ = now_ + from_now; }
  void clear_deadline() { deadline_ = SteadyTime::max(); }
  // Breaks off the operation under way when its deadline has passed.
  void expire_if_due();
  // Breaks off the operation under way and fails the next ones.
  void abort();
  // Breaks off the operation under way, and no more.
  void interrupt();
  // No more bytes from us; the peer sees the end (TLS: close_notify is sent too).
  boost::asio::awaitable<void> shutdown_write();

 private:
  IoStatus status_of(const boost::system::error_code& error) const;
  boost::asio::awaitable<IoStatus> wait_writable();
  boost::asio::awaitable<IoStatus> write_plain(std::string_view first, std::string_view second,
                                               int flags);
  boost::asio::awaitable<IoStatus> write_tls(std::string_view bytes);
  IoResult send_now(std::string_view first, std::string_view second, int flags);

  Socket socket_;
  std::unique_ptr<boost::asio::ssl::stream<Socket&>> tls_;
  const SteadyTime& now_;
  const std::chrono::milliseconds write_timeout_;
  SteadyTime deadline_ = SteadyTime::max();
  SteadyTime write_deadline_ = SteadyTime::max();
  bool timed_out_ = false;
  bool aborted_ = false;
};

}  // namespace clary::http
