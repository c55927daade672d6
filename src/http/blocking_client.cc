#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <optional>

#include "http/client.h"
#include "http/client_tls.h"
#include "http/response_parser.h"
#include "http/socket_address.h"

namespace clary::http {

namespace {

constexpr std::size_t kPieceBytes = 256 * 1024;

}  // namespace

struct BlockingClient::Impl {
  Impl(Address given_address, std::shared_ptr<const ClientTls> given_tls)
      : address(std::move(given_address)),
        tls(std::move(given_tls)),
        piece(room.get(), kPieceBytes) {}
  ~Impl() { close(); }

  void close();
  void open();
  // True when the peer has ended a connection that waits for its next request.
  bool stale() const;
  void wait(short events);
  void start_tls();
  void write(std::string_view bytes);
  void write_plain(std::string_view bytes);
  // What the socket has, waited for; 0 at its end.
  std::size_t receive(std::span<char> buffer);
  std::size_t receive_plain(std::span<char> buffer);
  void write_source(const Streams& streams);
  // False when the server stopped reading: it may have answered already.
  bool write_request(const std::string& head, const ClientRequest& request, const Streams& streams);
  void read(std::optional<ResponseParser>& parser, bool head_request, const Streams& streams);

  const Address address;
  const std::shared_ptr<const ClientTls> tls;
  std::optional<TlsSession> session;  // set while a connection with `tls` is open
  // Not cleared: most exchanges touch little of it.
  const std::unique_ptr<char[]> room = std::make_unique_for_overwrite<char[]>(kPieceBytes);
  const std::span<char> piece;
  int file = -1;
  std::chrono::milliseconds timeout{};
};

void BlockingClient::Impl::close() {
  session.reset();
  if (file >= 0) ::close(file);
  file = -1;
}

void BlockingClient::Impl::wait(short events) {
  pollfd waited{file, events, 0};
  while (true) {
    const int ready = ::poll(&waited, 1, static_cast<int>(timeout.count()));
    if (ready > 0) return;
    if (ready < 0 && errno == EINTR) continue;
    throw ClientError(ClientError::Kind::kTimeout, "the server did not answer in time");
  }
}

void BlockingClient::Impl::open() {
  const SocketAddress target = socket_address(address);
  file = ::socket(target.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (file < 0) throw ClientError(ClientError::Kind::kConnect, std::strerror(errno));
  if (target.storage.ss_family != AF_UNIX) {
    const int on = 1;
    ::setsockopt(file, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  }
  const auto* plain = reinterpret_cast<const sockaddr*>(&target.storage);
  int error = ::connect(file, plain, target.length) == 0 ? 0 : errno;
  if (error == EINPROGRESS) {
    wait(POLLOUT);
    socklen_t length = sizeof error;
    ::getsockopt(file, SOL_SOCKET, SO_ERROR, &error, &length);
  }
  if (error != 0) {
    throw ClientError(ClientError::Kind::kConnect,
                      std::string("cannot connect: ") + std::strerror(error));
  }
  if (tls) start_tls();
}

void BlockingClient::Impl::start_tls() {
  session.emplace(*tls, address.host);
  while (true) {
    const bool done = session->handshake();
    write_plain(session->output());
    if (done) return;
    session->input({piece.data(), receive_plain(piece)});
  }
}

bool BlockingClient::Impl::stale() const {
  char byte = 0;
  const auto got = ::recv(file, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return got >= 0 || (errno != EAGAIN && errno != EWOULDBLOCK);
}

void BlockingClient::Impl::write(std::string_view bytes) {
  if (!session) return write_plain(bytes);
  session->write(bytes);
  write_plain(session->output());
}

void BlockingClient::Impl::write_plain(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto sent = ::send(file, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      wait(POLLOUT);
    } else if (errno != EINTR) {
      throw ClientError(ClientError::Kind::kClosed, "the server closed the connection");
    }
  }
}

std::size_t BlockingClient::Impl::receive_plain(std::span<char> buffer) {
  while (true) {
    const auto got = ::recv(file, buffer.data(), buffer.size(), 0);
    if (got >= 0) return static_cast<std::size_t>(got);
    if (errno == EAGAIN || errno == EWOULDBLOCK) {
      wait(POLLIN);
    } else if (errno != EINTR) {
      throw ClientError(ClientError::Kind::kClosed, std::strerror(errno));
    }
  }
}

std::size_t BlockingClient::Impl::receive(std::span<char> buffer) {
  if (!session) return receive_plain(buffer);
  std::size_t bytes = 0;
  while (true) {
    switch (session->read(buffer, bytes)) {
      case TlsSession::Read::kBytes:
        return bytes;
      case TlsSession::Read::kEnd:
        return 0;
      case TlsSession::Read::kNeedsInput:
        session->input({buffer.data(), receive_plain(buffer)});
    }
  }
}

void BlockingClient::Impl::write_source(const Streams& streams) {
  std::uint64_t left = streams.source_length;
  while (left > 0) {
    const auto most = static_cast<std::size_t>(std::min<std::uint64_t>(left, piece.size()));
    const std::size_t bytes = streams.source(piece.first(most));
    if (bytes == 0 || bytes > most) {
      throw ClientError(ClientError::Kind::kMalformed, "the source is shorter than announced");
    }
    write({piece.data(), bytes});
    left -= bytes;
  }
}

bool BlockingClient::Impl::write_request(const std::string& head, const ClientRequest& request,
                                         const Streams& streams) {
  try {
    if (streams.source) {
      write(head);
      write_source(streams);
    } else if (request.body.size() <= kPieceBytes) {
      write(head + request.body);
    } else {
      write(head);
      write(request.body);
    }
    return true;
  } catch (const ClientError& error) {
    if (error.kind() != ClientError::Kind::kClosed) throw;
    return false;
  }
}

void BlockingClient::Impl::read(std::optional<ResponseParser>& parser, bool head_request,
                                const Streams& streams) {
  constexpr std::size_t kMaxBodyBytes = std::size_t{1} << 30;
  std::string waiting;  // what a parse left: a head or chunk header that is not whole
  parser.emplace(head_request, kMaxBodyBytes, &streams.sink);
  while (true) {
    const std::size_t got = receive(piece);
    if (got == 0) {
      parser->end();
      return;
    }
    std::string_view bytes(piece.data(), got);
    if (!waiting.empty()) {
      waiting += bytes;
      bytes = waiting;
    }
    bytes.remove_prefix(parser->parse(bytes));
    while (parser->is_interim()) {
      parser.emplace(head_request, kMaxBodyBytes, &streams.sink);
      bytes.remove_prefix(parser->parse(bytes));
    }
    if (parser->done()) return;
    waiting = std::string(bytes);
  }
}

BlockingClient::BlockingClient(Address address, std::shared_ptr<const ClientTls> tls)
    : impl_(std::make_unique<Impl>(std::move(address), std::move(tls))) {}
BlockingClient::~BlockingClient() = default;

ClientResponse BlockingClient::send(const ClientRequest& request,
                                    std::chrono::milliseconds timeout) {
  return send(request, timeout, Streams());
}

ClientResponse BlockingClient::send(const ClientRequest& request, std::chrono::milliseconds timeout,
                                    const Streams& streams) {
  impl_->timeout = timeout;
  if (impl_->file >= 0 && impl_->stale()) impl_->close();
  const bool from_source = static_cast<bool>(streams.source);
  const std::string head = request_head(impl_->address, request,
                                        from_source ? streams.source_length : request.body.size());
  while (true) {
    const bool fresh = impl_->file < 0;
    std::optional<ResponseParser> parser;
    try {
      if (fresh) impl_->open();
      const bool whole = impl_->write_request(head, request, streams);
      impl_->read(parser, request.method == "HEAD", streams);
      if (!whole) impl_->close();
    } catch (const ClientError& error) {
      impl_->close();
      const bool unanswered = !parser || !parser->begun();
      if (!fresh && !from_source && unanswered && error.kind() == ClientError::Kind::kClosed) {
        continue;
      }
      throw;
    } catch (...) {
      impl_->close();  // the sink or the source threw
      throw;
    }
    if (!parser->keeps_alive()) impl_->close();
    return std::move(parser->response());
  }
}

}  // namespace clary::http
