// One connection to another server, for one exchange.
#pragma once

#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/generic/stream_protocol.hpp>

#include "http/byte_stream.h"
#include "http/client.h"
#include "http/input_buffer.h"

namespace clary::http {

// threads: its executor's.
class Upstream final : public ByteStream {
 public:
  explicit Upstream(const boost::asio::any_io_executor& executor) : socket_(executor) {}

  // Throws ClientError.
  boost::asio::awaitable<void> connect(const Address& address);
  // What has come and is not parsed yet; read_some() gives it first.
  InputBuffer& input() { return input_; }
  // Reads more into input(). False: the server has sent its end.
  boost::asio::awaitable<bool> receive();

  boost::asio::awaitable<std::size_t> read_some(std::span<char> buffer) override;
  boost::asio::awaitable<void> write(std::string_view bytes) override;
  boost::asio::awaitable<void> end() override;
  void abort() override;

 private:
  static constexpr std::size_t kReadBytes = 64 * 1024;
  boost::asio::awaitable<std::size_t> read_now(std::span<char> buffer);

  boost::asio::basic_stream_socket<boost::asio::generic::stream_protocol> socket_;
  InputBuffer input_{kReadBytes};
  bool aborted_ = false;
};

}  // namespace clary::http
