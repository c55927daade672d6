#include "agent/relay.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <array>
#include <cerrno>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/errors.h"
#include "base/log.h"

namespace clary::agent {
namespace {

using process::FileDescriptor;

constexpr std::size_t kPieceBytes = 64 * 1024;
constexpr std::size_t kMostConnections = 4096;

[[noreturn]] void broken(const std::string& what) {
  throw StorageError(what + ": " + strerror(errno));
}

// One direction of a connection: what was read and not yet written.
struct Flow {
  int from = -1, to = -1;
  std::vector<char> waiting = {};
  std::size_t sent = 0;    // of `waiting`
  bool ended = false;      // `from` is at its end
  bool passed_on = false;  // ... and `to` knows
};

struct Connection {
  FileDescriptor client, server;
  bool connecting = true;
  std::array<Flow, 2> flows;
  bool broken = false;
  bool finished() const { return broken || (flows[0].passed_on && flows[1].passed_on); }
};

bool again() {
  return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

// Moves what can be moved now; false when the connection is no more.
bool move(Flow& flow, std::vector<char>& piece) {
  while (true) {
    while (flow.sent < flow.waiting.size()) {
      const ssize_t sent = send(flow.to, flow.waiting.data() + flow.sent,
                                flow.waiting.size() - flow.sent, MSG_NOSIGNAL | MSG_DONTWAIT);
      if (sent < 0) return again();
      flow.sent += static_cast<std::size_t>(sent);
    }
    flow.waiting.clear();
    flow.sent = 0;
    if (flow.ended) {
      if (!std::exchange(flow.passed_on, true)) shutdown(flow.to, SHUT_WR);
      return true;
    }
    const ssize_t got = recv(flow.from, piece.data(), piece.size(), MSG_DONTWAIT);
    if (got < 0) return again();
    if (got == 0) flow.ended = true;
    flow.waiting.assign(piece.data(), piece.data() + got);
  }
}

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

FileDescriptor connect_to(const http::Address& target) {
  const bool v6 = target.host.find(':') != std::string::npos;
  FileDescriptor file(
      socket(v6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!file) return file;
  const int on = 1;
  setsockopt(file.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  int result = -1;
  if (v6) {
    sockaddr_in6 address = {};
    address.sin6_family = AF_INET6;
    address.sin6_port = htons(target.port);
    if (inet_pton(AF_INET6, target.host.c_str(), &address.sin6_addr) != 1) return {};
    result = connect(file.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
  } else {
    sockaddr_in address = loopback(target.port);
    if (inet_pton(AF_INET, target.host.c_str(), &address.sin_addr) != 1) return {};
    result = connect(file.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
  }
  if (result != 0 && errno != EINPROGRESS) file.reset();
  return file;
}

FileDescriptor listening(FileDescriptor file, const sockaddr* address, socklen_t length) {
  constexpr int kBacklog = 512;
  if (!file || bind(file.get(), address, length) != 0 || listen(file.get(), kBacklog) != 0) {
    broken("listen for a container");
  }
  return file;
}

}  // namespace

struct Relay::Loop {
  Options options;
  FileDescriptor epoll{epoll_create1(EPOLL_CLOEXEC)};
  std::map<int, std::shared_ptr<Connection>> connections{};  // by each of their two sockets
  std::vector<char> piece = std::vector<char>(kPieceBytes);

  void add(int file, std::uint32_t events) {
    epoll_event event = {};
    event.events = events;
    event.data.fd = file;
    epoll_ctl(epoll.get(), EPOLL_CTL_ADD, file, &event);
  }

  void take() {
    while (connections.size() < kMostConnections) {
      FileDescriptor client(
          accept4(options.listener.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
      if (!client) return;
      FileDescriptor server = connect_to(options.target);
      if (!server) continue;
      auto connection = std::make_shared<Connection>();
      const int from = client.get(), to = server.get();
      connection->flows[0] = {.from = from, .to = to};
      connection->flows[1] = {.from = to, .to = from};
      connection->client = std::move(client);
      connection->server = std::move(server);
      connections[from] = connections[to] = connection;
      add(from, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET);
      add(to, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET);
    }
  }

  void advance(const std::shared_ptr<Connection>& connection, int file, std::uint32_t events) {
    if (connection->connecting) {
      if (file != connection->server.get()) return;  // looked at again once connected
      if ((events & (EPOLLERR | EPOLLHUP)) != 0) {
        connection->broken = true;
      } else if ((events & EPOLLOUT) == 0) {
        return;
      }
      connection->connecting = false;
    }
    for (Flow& flow : connection->flows) {
      if (!connection->broken && !move(flow, piece)) connection->broken = true;
    }
    if (!connection->finished()) return;
    const int client = connection->client.get(), server = connection->server.get();
    connections.erase(client);
    connections.erase(server);
  }

  void run(int stop) {
    // Only this thread goes there; sockets that it makes belong to that network.
    if (options.network && setns(options.network.get(), CLONE_NEWNET) != 0) {
      spdlog::error("the container's network cannot be entered: {}", strerror(errno));
    }
    add(stop, EPOLLIN);
    add(options.listener.get(), EPOLLIN);
    std::array<epoll_event, 64> events;
    while (true) {
      const int count = epoll_wait(epoll.get(), events.data(), events.size(), -1);
      for (int i = 0; i < count; ++i) {
        const epoll_event& event = events[static_cast<std::size_t>(i)];
        if (event.data.fd == stop) return;
        if (event.data.fd == options.listener.get()) {
          take();
          continue;
        }
        const auto found = connections.find(event.data.fd);
        if (found == connections.end()) continue;
        advance(std::shared_ptr(found->second), event.data.fd, event.events);
      }
    }
  }
};

Relay::Relay(Options options)
    : stop_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      thread_([loop = std::make_shared<Loop>(std::move(options)), stop = stop_.get()] {
        loop->run(stop);
      }) {}

Relay::~Relay() {
  eventfd_write(stop_.get(), 1);
  thread_.join();
}

FileDescriptor listen_unix(const std::filesystem::path& path) {
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  if (path.native().size() >= sizeof address.sun_path) {
    throw StorageError(path.string() + " is too long for a socket");
  }
  path.native().copy(address.sun_path, path.native().size());
  return listening(FileDescriptor(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)),
                   reinterpret_cast<const sockaddr*>(&address), sizeof address);
}

FileDescriptor listen_in(const FileDescriptor& network, std::uint16_t port) {
  FileDescriptor listener;
  std::exception_ptr failure;
  // A thread of its own, since it cannot come back without being root twice.
  std::thread([&] {
    try {
      if (setns(network.get(), CLONE_NEWNET) != 0) broken("enter the container's network");
      FileDescriptor file(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
      const sockaddr_in address = loopback(port);
      listener =
          listening(std::move(file), reinterpret_cast<const sockaddr*>(&address), sizeof address);
    } catch (...) {
      failure = std::current_exception();
    }
  }).join();
  if (failure) std::rethrow_exception(failure);
  return listener;
}

}  // namespace clary::agent
