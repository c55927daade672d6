// A connection that speaks HTTP no more, and how a handler comes to one.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace clary::http {

// threads: its connection's executor. One coroutine may read while another writes.
class ByteStream {
 public:
  virtual ~ByteStream() = default;
  // 0: the peer sent its end. This and write() throw BodyError when the connection is broken.
  virtual boost::asio::awaitable<std::size_t> read_some(std::span<char> buffer) = 0;
  virtual boost::asio::awaitable<void> write(std::string_view bytes) = 0;
  // No more bytes from us. A connection with TLS cannot be half closed: there it stops reading too.
  virtual boost::asio::awaitable<void> end() = 0;
  // Breaks off what is under way and fails what comes.
  virtual void abort() = 0;
};

// The connection below an exchange, for handlers that do more than answer.
class ExchangeConnection {
 public:
  virtual ~ExchangeConnection() = default;
  // Whether the request asks to upgrade its connection (RFC 9110, 7.8) and can: HTTP/1.1, no body.
  virtual bool offers_upgrade() const = 0;
  // Answers 101 with these fields ("Upgrade" among them); from then on the connection is the
  // stream, which lives until the handler returns, and ends then. Only when it is offered and
  // nothing was answered. A server that stops waits for no upgraded connection.
  virtual boost::asio::awaitable<ByteStream*> upgrade(
      const std::vector<std::pair<std::string, std::string>>& fields) = 0;
  // Called once, at once if that is past, when the server breaks the connection off: for handlers
  // that wait for somebody else than the client.
  virtual void on_abort(std::function<void()> callback) = 0;
};

struct PipeLimits {
  std::chrono::milliseconds idle;  // no byte either way for so long: both are broken off
  std::chrono::steady_clock::time_point until = std::chrono::steady_clock::time_point::max();
};

// Copies both ways, in bounded memory, until each has sent its end, one is broken, or a limit is
// reached. Throws nothing of theirs: the connections are over either way.
boost::asio::awaitable<void> pipe(ByteStream& one, ByteStream& other, PipeLimits limits);

}  // namespace clary::http
