#include "http/transport.h"

#include <fcntl.h>
#include <openssl/ssl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>

#include "http/server.h"

namespace clary::http {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

constexpr std::size_t kFileChunkBytes = 256 * 1024;
constexpr std::size_t kTlsJoinBytes = 16 * 1024;
constexpr std::size_t kSendfileBytes = 1 << 20;

bool would_block(int error) {
  return error == EAGAIN || error == EWOULDBLOCK;
}

// Chooses the certificate by the name the client asks for.
int choose_certificate(SSL* ssl, void* contexts) {
  const char* name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
  auto* chosen = static_cast<SSL_CTX*>(
      static_cast<TlsContexts*>(contexts)->context_for(name == nullptr ? "" : name));
  return chosen != nullptr && SSL_set_SSL_CTX(ssl, chosen) != nullptr ? 1 : 0;
}

}  // namespace

Transport::Transport(Socket socket, const SteadyTime& now, std::chrono::milliseconds write_timeout)
    : socket_(std::move(socket)), now_(now), write_timeout_(write_timeout) {
  error_code ignored;
  socket_.native_non_blocking(true, ignored);
}

IoStatus Transport::status_of(const error_code& error) const {
  if (!error) return IoStatus::kOk;
  if (timed_out_) return IoStatus::kTimeout;
  if (error == asio::error::eof || error == asio::ssl::error::stream_truncated) {
    return IoStatus::kEnd;
  }
  return IoStatus::kBroken;
}

asio::awaitable<IoResult> Transport::peek(char& byte) {
  while (true) {
    if (aborted_) co_return IoResult{IoStatus::kBroken};
    const auto got = ::recv(socket_.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    if (got == 1) co_return IoResult{IoStatus::kOk, 1};
    if (got == 0) co_return IoResult{IoStatus::kEnd};
    if (errno == EINTR) continue;
    if (!would_block(errno)) co_return IoResult{IoStatus::kBroken};
    error_code error;
    co_await socket_.async_wait(Socket::wait_read,
                                asio::redirect_error(asio::use_awaitable, error));
    if (error) co_return IoResult{status_of(error)};
  }
}

asio::awaitable<IoStatus> Transport::start_tls(TlsContexts& contexts) {
  auto* native = static_cast<SSL_CTX*>(contexts.context_for(""));
  if (native == nullptr) co_return IoStatus::kBroken;
  SSL_CTX_up_ref(native);  // asio::ssl::context frees what it is given
  asio::ssl::context context(native);
  tls_ = std::make_unique<asio::ssl::stream<Socket&>>(socket_, context);
  SSL_set_cert_cb(tls_->native_handle(), choose_certificate, &contexts);
  error_code error;
  co_await tls_->async_handshake(asio::ssl::stream_base::server,
                                 asio::redirect_error(asio::use_awaitable, error));
  co_return status_of(error);
}

asio::awaitable<IoResult> Transport::read_some(std::span<char> buffer) {
  if (aborted_) co_return IoResult{IoStatus::kBroken};
  error_code error;
  std::size_t bytes = 0;
  const auto target = asio::buffer(buffer.data(), buffer.size());
  if (tls_) {
    bytes =
        co_await tls_->async_read_some(target, asio::redirect_error(asio::use_awaitable, error));
  } else {
    bytes =
        co_await socket_.async_read_some(target, asio::redirect_error(asio::use_awaitable, error));
  }
  co_return IoResult{status_of(error), bytes};
}

IoResult Transport::try_read(std::span<char> buffer) {
  if (tls_ || aborted_) return {};
  const auto got = ::recv(socket_.native_handle(), buffer.data(), buffer.size(), MSG_DONTWAIT);
  if (got > 0) return {IoStatus::kOk, static_cast<std::size_t>(got)};
  if (got == 0) return {IoStatus::kEnd};
  return would_block(errno) || errno == EINTR ? IoResult{} : IoResult{IoStatus::kBroken};
}

IoResult Transport::send_now(std::string_view first, std::string_view second, int flags) {
  std::array<iovec, 2> pieces{iovec{const_cast<char*>(first.data()), first.size()},
                              iovec{const_cast<char*>(second.data()), second.size()}};
  msghdr message{};
  message.msg_iov = pieces.data();
  message.msg_iovlen = second.empty() ? 1 : 2;
  while (true) {
    const auto sent =
        ::sendmsg(socket_.native_handle(), &message, MSG_NOSIGNAL | MSG_DONTWAIT | flags);
    if (sent >= 0) return {IoStatus::kOk, static_cast<std::size_t>(sent)};
    if (errno == EINTR) continue;
    return would_block(errno) ? IoResult{} : IoResult{IoStatus::kBroken};
  }
}

IoResult Transport::try_write(std::string_view first, std::string_view second) {
  if (aborted_) return {IoStatus::kBroken};
  if (tls_) return {};
  return send_now(first, second, 0);
}

asio::awaitable<IoStatus> Transport::wait_writable() {
  if (aborted_) co_return IoStatus::kBroken;
  write_deadline_ = now_ + write_timeout_;
  error_code error;
  co_await socket_.async_wait(Socket::wait_write, asio::redirect_error(asio::use_awaitable, error));
  write_deadline_ = SteadyTime::max();
  co_return status_of(error);
}

asio::awaitable<IoStatus> Transport::write_plain(std::string_view first, std::string_view second,
                                                 int flags) {
  while (!first.empty() || !second.empty()) {
    if (aborted_) co_return timed_out_ ? IoStatus::kTimeout : IoStatus::kBroken;
    if (first.empty()) std::swap(first, second);
    const IoResult sent = send_now(first, second, flags);
    if (sent.status != IoStatus::kOk) co_return sent.status;
    const std::size_t of_first = std::min(sent.bytes, first.size());
    first.remove_prefix(of_first);
    second.remove_prefix(sent.bytes - of_first);
    if (sent.bytes == 0) {
      const IoStatus status = co_await wait_writable();
      if (status != IoStatus::kOk) co_return status;
    }
  }
  co_return IoStatus::kOk;
}

asio::awaitable<IoStatus> Transport::write_tls(std::string_view bytes) {
  while (!bytes.empty()) {
    if (aborted_) co_return IoStatus::kBroken;
    write_deadline_ = now_ + write_timeout_;
    error_code error;
    const auto sent = co_await tls_->async_write_some(
        asio::buffer(bytes), asio::redirect_error(asio::use_awaitable, error));
    write_deadline_ = SteadyTime::max();
    if (error) co_return status_of(error);
    bytes.remove_prefix(sent);
  }
  co_return IoStatus::kOk;
}

asio::awaitable<IoStatus> Transport::write(std::string_view first, std::string_view second) {
  if (!tls_) co_return co_await write_plain(first, second, 0);
  if (first.size() + second.size() <= kTlsJoinBytes) {
    // One TLS record and one packet instead of two.
    std::string joined(first);
    joined += second;
    co_return co_await write_tls(joined);
  }
  const IoStatus status = co_await write_tls(first);
  if (status != IoStatus::kOk) co_return status;
  co_return co_await write_tls(second);
}

asio::awaitable<IoStatus> Transport::write_before_file(std::string_view head) {
  if (tls_) co_return co_await write(head);
  co_return co_await write_plain(head, {}, MSG_MORE);
}

asio::awaitable<IoStatus> Transport::send_file(int file, std::uint64_t offset,
                                               std::uint64_t length) {
  std::vector<char> buffer(tls_ ? std::min<std::uint64_t>(kFileChunkBytes, length) : 0);
  while (length > 0) {
    if (aborted_) co_return timed_out_ ? IoStatus::kTimeout : IoStatus::kBroken;
    if (tls_) {
      const auto got = ::pread(file, buffer.data(), std::min<std::uint64_t>(buffer.size(), length),
                               static_cast<off_t>(offset));
      if (got < 0 && errno == EINTR) continue;
      if (got <= 0) co_return IoStatus::kBroken;  // the file is shorter than was said
      const IoStatus status = co_await write({buffer.data(), static_cast<std::size_t>(got)});
      if (status != IoStatus::kOk) co_return status;
      offset += static_cast<std::uint64_t>(got);
      length -= static_cast<std::uint64_t>(got);
      continue;
    }
    auto position = static_cast<off_t>(offset);
    const auto sent = ::sendfile(socket_.native_handle(), file, &position,
                                 std::min<std::uint64_t>(kSendfileBytes, length));
    if (sent > 0) {
      offset += static_cast<std::uint64_t>(sent);
      length -= static_cast<std::uint64_t>(sent);
      continue;
    }
    if (sent < 0 && errno == EINTR) continue;
    if (sent == 0 || !would_block(errno)) co_return IoStatus::kBroken;
    const IoStatus status = co_await wait_writable();
    if (status != IoStatus::kOk) co_return status;
  }
  co_return IoStatus::kOk;
}

void Transport::expire_if_due() {
  if (std::min(deadline_, write_deadline_) > now_) return;
  timed_out_ = true;
  deadline_ = write_deadline_ = SteadyTime::max();
  interrupt();
}

void Transport::interrupt() {
  error_code ignored;
  socket_.cancel(ignored);
}

void Transport::abort() {
  aborted_ = true;
  interrupt();
}

asio::awaitable<void> Transport::shutdown_write() {
  error_code ignored;
  if (tls_ && !aborted_ && !timed_out_) {
    // Only our close_notify: whether the peer answers it is nobody's concern.
    SSL_set_quiet_shutdown(tls_->native_handle(), 0);
    co_await tls_->async_shutdown(asio::redirect_error(asio::use_awaitable, ignored));
  }
  socket_.shutdown(Socket::shutdown_send, ignored);
}

}  // namespace clary::http
