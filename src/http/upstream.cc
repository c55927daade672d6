#include "http/upstream.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <cstring>

#include "base/body.h"
#include "http/socket_address.h"

namespace clary::http {

namespace asio = boost::asio;
using boost::system::error_code;

asio::awaitable<void> Upstream::connect(const Address& address) {
  const SocketAddress target = socket_address(address);
  const asio::generic::stream_protocol protocol(target.storage.ss_family, 0);
  error_code error;
  socket_.open(protocol, error);
  if (error) throw ClientError(ClientError::Kind::kConnect, error.message());
  if (target.storage.ss_family != AF_UNIX) {
    socket_.set_option(asio::ip::tcp::no_delay(true), error);
  }
  const asio::generic::stream_protocol::endpoint endpoint(&target.storage, target.length);
  co_await socket_.async_connect(endpoint, asio::redirect_error(asio::use_awaitable, error));
  if (error || aborted_) {
    throw ClientError(ClientError::Kind::kConnect, "cannot connect: " + error.message());
  }
}

asio::awaitable<std::size_t> Upstream::read_now(std::span<char> buffer) {
  error_code error = asio::error::operation_aborted;
  std::size_t bytes = 0;
  if (!aborted_) {
    bytes = co_await socket_.async_read_some(asio::buffer(buffer.data(), buffer.size()),
                                             asio::redirect_error(asio::use_awaitable, error));
  }
  if (error == asio::error::eof) co_return 0;
  if (error) throw BodyError(BodyError::Kind::kTruncated, "the other server: " + error.message());
  co_return bytes;
}

asio::awaitable<bool> Upstream::receive() {
  const std::size_t bytes = co_await read_now(input_.prepare(kReadBytes / 4));
  input_.commit(bytes);
  co_return bytes > 0;
}

asio::awaitable<std::size_t> Upstream::read_some(std::span<char> buffer) {
  if (input_.empty()) co_return co_await read_now(buffer);
  const std::size_t bytes = std::min(buffer.size(), input_.view().size());
  std::memcpy(buffer.data(), input_.view().data(), bytes);
  input_.consume(bytes);
  co_return bytes;
}

asio::awaitable<void> Upstream::write(std::string_view bytes) {
  error_code error = asio::error::operation_aborted;
  if (!aborted_) {
    co_await asio::async_write(socket_, asio::buffer(bytes),
                               asio::redirect_error(asio::use_awaitable, error));
  }
  if (error) throw BodyError(BodyError::Kind::kTruncated, "the other server: " + error.message());
}

asio::awaitable<void> Upstream::end() {
  error_code ignored;
  socket_.shutdown(asio::socket_base::shutdown_send, ignored);
  co_return;
}

void Upstream::abort() {
  aborted_ = true;
  error_code ignored;
  socket_.cancel(ignored);
}

}  // namespace clary::http
