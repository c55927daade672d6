#include "http/server.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <cerrno>
#include <cstring>
#include <system_error>

#include "base/log.h"
#include "http/io_thread.h"

namespace clary::http {

namespace asio = boost::asio;

namespace {

constexpr int kBacklog = 4096;
constexpr auto kAcceptPause = std::chrono::milliseconds(100);
// How long stop() waits for handlers after their connections were broken off.
constexpr auto kAbortTime = std::chrono::seconds(30);
constexpr std::string_view kTooManyConnections =
    "HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Length: 0\r\n"
    "Retry-After: 1\r\n\r\n";

class FileDescriptor {
 public:
  explicit FileDescriptor(int file) : file_(file) {}
  ~FileDescriptor() {
    if (file_ >= 0) ::close(file_);
  }
  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;
  int get() const { return file_; }
  int release() { return std::exchange(file_, -1); }

 private:
  int file_;
};

[[noreturn]] void throw_system(int error, const std::string& what) {
  throw std::system_error(error, std::generic_category(), what);
}

int open_listener(int family, const sockaddr* address, socklen_t length, const std::string& what) {
  FileDescriptor file(::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (file.get() < 0) throw_system(errno, what);
  const int on = 1;
  // Not SO_REUSEPORT: a second server on the same port must fail.
  if (family != AF_UNIX) ::setsockopt(file.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (::bind(file.get(), address, length) != 0) throw_system(errno, what);
  if (::listen(file.get(), kBacklog) != 0) throw_system(errno, what);
  return file.release();
}

// Removes a socket file that a dead server left; a living one keeps its own.
void remove_stale_socket(const sockaddr_un& address) {
  const FileDescriptor probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (probe.get() < 0) return;
  const auto* plain = reinterpret_cast<const sockaddr*>(&address);
  if (::connect(probe.get(), plain, sizeof address) != 0 && errno == ECONNREFUSED) {
    ::unlink(address.sun_path);
  }
}

int listen_unix(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) throw_system(ENAMETOOLONG, path);
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  remove_stale_socket(address);
  return open_listener(AF_UNIX, reinterpret_cast<const sockaddr*>(&address), sizeof address, path);
}

int listen_tcp(const std::string& host, std::uint16_t port) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const std::string what = host + ":" + std::to_string(port);
  const int error = ::getaddrinfo(host.empty() ? nullptr : host.c_str(),
                                  std::to_string(port).c_str(), &hints, &found);
  if (error != 0) throw_system(EADDRNOTAVAIL, what + " (" + ::gai_strerror(error) + ")");
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owner(found, ::freeaddrinfo);
  return open_listener(found->ai_family, found->ai_addr, found->ai_addrlen, what);
}

std::string peer_name(const sockaddr_storage& address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (address.ss_family == AF_INET) {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(address);
    ::inet_ntop(AF_INET, &v4.sin_addr, text.data(), text.size());
    return std::string(text.data()) + ":" + std::to_string(ntohs(v4.sin_port));
  }
  if (address.ss_family == AF_INET6) {
    const auto& v6 = reinterpret_cast<const sockaddr_in6&>(address);
    ::inet_ntop(AF_INET6, &v6.sin6_addr, text.data(), text.size());
    return "[" + std::string(text.data()) + "]:" + std::to_string(ntohs(v6.sin6_port));
  }
  return "unix";
}

std::uint16_t bound_port(int listener) {
  sockaddr_storage address{};
  socklen_t length = sizeof address;
  ::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &length);
  if (address.ss_family == AF_INET) return ntohs(reinterpret_cast<sockaddr_in&>(address).sin_port);
  if (address.ss_family == AF_INET6) {
    return ntohs(reinterpret_cast<sockaddr_in6&>(address).sin6_port);
  }
  return 0;
}

}  // namespace

struct Server::Impl {
  Impl(ServerOptions given_options, Handler given_handler)
      : options(std::move(given_options)), handler(std::move(given_handler)) {
    for (unsigned i = 0; i < std::max(1U, options.threads); ++i) {
      threads.push_back(std::make_unique<IoThread>(options, handler));
    }
    const int file = options.unix_path.empty() ? listen_tcp(options.address, options.port)
                                               : listen_unix(options.unix_path);
    listener.emplace(threads.front()->io(), file);
    port = bound_port(file);
    retry.emplace(threads.front()->io());
  }

  void wait_for_clients();
  void accept_clients();
  void take_client(int file, const sockaddr_storage& address);
  static void turn_away(int file);
  std::size_t connections() const;
  bool wait_for_end(std::chrono::steady_clock::time_point until) const;

  const ServerOptions options;
  const Handler handler;
  AddressCounts addresses;  // outlives the threads, whose connections hold its slots
  std::vector<std::unique_ptr<IoThread>> threads;
  // The first thread accepts and deals connections out in turn.
  std::optional<asio::posix::stream_descriptor> listener;
  std::optional<asio::steady_timer> retry;
  std::size_t next_thread = 0;
  std::uint16_t port = 0;
  bool started = false, stopped = false;
};

void Server::Impl::wait_for_clients() {
  listener->async_wait(asio::posix::stream_descriptor::wait_read,
                       [this](const boost::system::error_code& error) {
                         if (!error) accept_clients();
                       });
}

void Server::Impl::accept_clients() {
  while (listener->is_open()) {
    sockaddr_storage address{};
    socklen_t length = sizeof address;
    const int file = ::accept4(listener->native_handle(), reinterpret_cast<sockaddr*>(&address),
                               &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (file >= 0) {
      take_client(file, address);
      continue;
    }
    if (errno == EINTR || errno == ECONNABORTED) continue;
    if (errno == EAGAIN || errno == EWOULDBLOCK) return wait_for_clients();
    // Out of descriptors or memory: clients wait in the backlog.
    spdlog::warn("cannot accept a connection: {}", std::strerror(errno));
    retry->expires_after(kAcceptPause);
    retry->async_wait([this](const boost::system::error_code& error) {
      if (!error) accept_clients();
    });
    return;
  }
}

void Server::Impl::take_client(int file, const sockaddr_storage& address) {
  if (connections() >= options.limits.connections) return turn_away(file);
  std::string peer = peer_name(address);
  auto slot = addresses.take(std::string_view(peer).substr(0, peer.rfind(':')),
                             options.limits.connections_per_address);
  if (!slot) return turn_away(file);
  if (address.ss_family != AF_UNIX) {
    const int on = 1;
    ::setsockopt(file, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  }
  threads[next_thread++ % threads.size()]->adopt(file, std::move(peer), std::move(*slot));
}

void Server::Impl::turn_away(int file) {
  [[maybe_unused]] const auto sent = ::send(
      file, kTooManyConnections.data(), kTooManyConnections.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  ::close(file);
}

std::size_t Server::Impl::connections() const {
  std::size_t total = 0;
  for (const auto& thread : threads) total += thread->connection_count;
  return total;
}

bool Server::Impl::wait_for_end(std::chrono::steady_clock::time_point until) const {
  while (connections() > 0) {
    if (std::chrono::steady_clock::now() >= until) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return true;
}

Server::Server(ServerOptions options, Handler handler)
    : impl_(std::make_unique<Impl>(std::move(options), std::move(handler))) {}

Server::~Server() {
  stop(std::chrono::milliseconds(0));
}

void Server::start() {
  impl_->started = true;
  asio::post(impl_->threads.front()->io(), [this] { impl_->wait_for_clients(); });
  for (auto& thread : impl_->threads) thread->start();
}

std::uint16_t Server::port() const {
  return impl_->port;
}

void Server::stop(std::chrono::milliseconds grace) {
  if (std::exchange(impl_->stopped, true)) return;
  if (impl_->started) {
    asio::post(impl_->threads.front()->io(), [this] {
      impl_->listener->close();
      impl_->retry->cancel();
    });
    for (auto& thread : impl_->threads) thread->begin_drain();
    const auto end = std::chrono::steady_clock::now() + grace;
    if (!impl_->wait_for_end(end)) {
      for (auto& thread : impl_->threads) thread->abort_all();
      if (!impl_->wait_for_end(end + kAbortTime)) spdlog::error("requests still run at the end");
    }
  }
  for (auto& thread : impl_->threads) thread->join();
  if (!impl_->options.unix_path.empty()) ::unlink(impl_->options.unix_path.c_str());
}

std::array<std::uint64_t, 6> Server::requests_by_class() const {
  std::array<std::uint64_t, 6> sums{};
  for (const auto& thread : impl_->threads) {
    for (std::size_t i = 0; i < sums.size(); ++i) sums[i] += thread->by_class_[i];
  }
  return sums;
}

std::size_t Server::open_connections() const {
  return impl_->connections();
}

}  // namespace clary::http
