// One client's connection, from its first byte to its end.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <memory>
#include <optional>
#include <string>

#include "http/input_buffer.h"
#include "http/io_thread.h"
#include "http/request_parser.h"
#include "http/transport.h"
#include "http/upgrade.h"

namespace clary::http {

class RequestBody;
class ResponseStream;

// threads: its IoThread's only.
class Connection {
 public:
  Connection(Socket socket, IoThread& thread, std::string peer, AddressCounts::Slot slot);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  boost::asio::awaitable<void> run();

  void expire_if_due() { transport_.expire_if_due(); }
  // Ends a connection that waits for its next request, or has none any more since it was upgraded;
  // others end after the one under way.
  void end_if_idle();
  void abort();

 private:
  enum class Head { kRequest, kClosed, kTimeout, kBad, kTooLarge };

  boost::asio::awaitable<bool> detect_tls();
  boost::asio::awaitable<Head> read_head();
  // False: the connection ends.
  boost::asio::awaitable<bool> handle_request();
  boost::asio::awaitable<bool> open_tunnel();
  // Calls the handler and answers for it when it could not.
  boost::asio::awaitable<void> call_handler(Exchange& exchange, const ResponseStream& response);
  boost::asio::awaitable<void> refuse(unsigned status, std::string_view reason);
  // Lets the peer read what was sent before the connection is torn down.
  boost::asio::awaitable<void> linger();

  IoThread& thread_;
  Transport transport_;
  const std::string peer_;
  const AddressCounts::Slot slot_;
  InputBuffer input_;
  std::string scratch_;
  std::optional<RequestParser> parser_;
  AbortCall abort_call_;
  bool idle_ = false;
  bool tunnel_ = false;
  bool unread_ = false;  // bytes of the peer may be in the socket when it is closed
};

// Keeps the connection alive until it ends.
boost::asio::awaitable<void> run_connection(std::unique_ptr<Connection> connection);

}  // namespace clary::http
