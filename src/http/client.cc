#include "http/client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <limits>
#include <map>
#include <unordered_set>

#include "http/input_buffer.h"
#include "http/response_parser.h"
#include "http/socket_address.h"

namespace clary::http {

namespace asio = boost::asio;
using boost::system::error_code;
using SteadyTime = std::chrono::steady_clock::time_point;

namespace {

constexpr std::size_t kReadBytes = 16 * 1024;
constexpr auto kTick = std::chrono::milliseconds(100);

// A connection that is in use: its requests' deadline is checked by the pool's tick, since a timer
// for each request would cost more than the request.
struct PooledConnection {
  explicit PooledConnection(const asio::any_io_executor& executor) : socket(executor) {}
  asio::basic_stream_socket<asio::generic::stream_protocol> socket;
  InputBuffer input{kReadBytes};
  SteadyTime deadline = SteadyTime::max();
  bool timed_out = false;
  bool fresh = true;
};

[[noreturn]] void fail(const PooledConnection& connection, ClientError::Kind kind,
                       const std::string& what) {
  if (connection.timed_out) {
    throw ClientError(ClientError::Kind::kTimeout, "the server did not answer in time");
  }
  throw ClientError(kind, what);
}

asio::awaitable<void> connect(PooledConnection& connection, const Address& address) {
  const SocketAddress target = socket_address(address);
  const asio::generic::stream_protocol protocol(target.storage.ss_family, 0);
  error_code error;
  connection.socket.open(protocol, error);
  if (error) throw ClientError(ClientError::Kind::kConnect, error.message());
  if (target.storage.ss_family != AF_UNIX) {
    connection.socket.set_option(asio::ip::tcp::no_delay(true), error);
  }
  const asio::generic::stream_protocol::endpoint endpoint(&target.storage, target.length);
  co_await connection.socket.async_connect(endpoint,
                                           asio::redirect_error(asio::use_awaitable, error));
  if (error) {
    fail(connection, ClientError::Kind::kConnect, "cannot connect: " + error.message());
  }
  connection.socket.native_non_blocking(true, error);
}

asio::awaitable<void> write_all(PooledConnection& connection, std::string_view first,
                                std::string_view second) {
  while (!first.empty() || !second.empty()) {
    if (connection.timed_out) fail(connection, ClientError::Kind::kTimeout, "");
    std::array<iovec, 2> pieces{iovec{const_cast<char*>(first.data()), first.size()},
                                iovec{const_cast<char*>(second.data()), second.size()}};
    msghdr message{};
    message.msg_iov = pieces.data();
    message.msg_iovlen = pieces.size();
    const auto sent =
        ::sendmsg(connection.socket.native_handle(), &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0 && errno != EAGAIN && errno != EWOULDBLOCK) {
      fail(connection, ClientError::Kind::kClosed, "the server closed the connection");
    }
    if (sent < 0) {
      error_code error;
      co_await connection.socket.async_wait(asio::socket_base::wait_write,
                                            asio::redirect_error(asio::use_awaitable, error));
      if (error) fail(connection, ClientError::Kind::kClosed, error.message());
      continue;
    }
    const std::size_t of_first = std::min(static_cast<std::size_t>(sent), first.size());
    first.remove_prefix(of_first);
    second.remove_prefix(static_cast<std::size_t>(sent) - of_first);
  }
}

// Hands on what has come of a 2xx body. The deadline stands still meanwhile: how fast the taker is
// says nothing about the server.
struct PieceTaker {
  const ClientPool::TakePiece* take = nullptr;
  std::chrono::milliseconds timeout{};

  asio::awaitable<void> pass_on(PooledConnection& connection, ResponseParser& parser) const {
    if (!parser.has_head() || parser.response().status / 100 != 2) co_return;
    connection.deadline = SteadyTime::max();
    const std::string piece = std::exchange(parser.response().body, {});
    co_await (*take)(parser.response(), piece);
    connection.deadline = std::chrono::steady_clock::now() + timeout;
  }
};

asio::awaitable<void> read_response(PooledConnection& connection,
                                    std::optional<ResponseParser>& parser, bool head_request,
                                    std::size_t max_bytes, const PieceTaker& taker) {
  parser.emplace(head_request, max_bytes);
  while (true) {
    connection.input.consume(parser->parse(connection.input.view()));
    if (parser->is_interim()) {
      parser.emplace(head_request, max_bytes);
      continue;
    }
    if (taker.take != nullptr) co_await taker.pass_on(connection, *parser);
    if (parser->done()) co_return;
    error_code error;
    const auto room = connection.input.prepare(kReadBytes);
    const auto bytes = co_await connection.socket.async_read_some(
        asio::buffer(room.data(), room.size()), asio::redirect_error(asio::use_awaitable, error));
    if (error == asio::error::eof) {
      parser->end();
      co_return;
    }
    if (error) fail(connection, ClientError::Kind::kClosed, error.message());
    connection.input.commit(bytes);
  }
}

}  // namespace

// What one call wants of the pool.
struct ClientPool::Exchange {
  const Address& address;
  const ClientRequest& request;
  std::chrono::milliseconds timeout;
  std::size_t max_response_bytes;
  const TakePiece* take = nullptr;
};

struct ClientPool::Impl : std::enable_shared_from_this<Impl> {
  Impl(asio::any_io_executor given_executor, std::size_t idle)
      : executor(std::move(given_executor)), idle_per_address(idle), timer(executor) {}

  std::unique_ptr<PooledConnection> take_idle(const Address& address);
  void keep(const Address& address, std::unique_ptr<PooledConnection> connection);
  void watch(PooledConnection& connection, SteadyTime deadline);
  void arm_tick();
  void tick();

  const asio::any_io_executor executor;
  const std::size_t idle_per_address;
  std::map<Address, std::vector<std::unique_ptr<PooledConnection>>> idle;
  std::unordered_set<PooledConnection*> active;
  asio::steady_timer timer;
  bool ticking = false;
};

std::unique_ptr<PooledConnection> ClientPool::Impl::take_idle(const Address& address) {
  const auto found = idle.find(address);
  if (found == idle.end() || found->second.empty()) return nullptr;
  auto connection = std::move(found->second.back());
  found->second.pop_back();
  return connection;
}

void ClientPool::Impl::keep(const Address& address, std::unique_ptr<PooledConnection> connection) {
  auto& kept = idle[address];
  if (kept.size() >= idle_per_address || !connection->input.empty()) return;
  connection->fresh = false;
  connection->deadline = SteadyTime::max();
  kept.push_back(std::move(connection));
}

void ClientPool::Impl::watch(PooledConnection& connection, SteadyTime deadline) {
  connection.deadline = deadline;
  active.insert(&connection);
  if (!ticking) arm_tick();
}

void ClientPool::Impl::arm_tick() {
  ticking = true;
  timer.expires_after(kTick);
  timer.async_wait([weak = weak_from_this()](const error_code& error) {
    if (const auto self = weak.lock(); self && !error) self->tick();
  });
}

void ClientPool::Impl::tick() {
  const auto now = std::chrono::steady_clock::now();
  for (PooledConnection* connection : active) {
    if (connection->deadline > now) continue;
    connection->timed_out = true;
    error_code ignored;
    connection->socket.cancel(ignored);
  }
  ticking = false;
  if (!active.empty()) arm_tick();
}

ClientPool::ClientPool(asio::any_io_executor executor, std::size_t idle_per_address)
    : impl_(std::make_shared<Impl>(std::move(executor), idle_per_address)) {}

ClientPool::~ClientPool() {
  impl_->timer.cancel();
}

asio::awaitable<ClientResponse> ClientPool::send(const Address& address,
                                                 const ClientRequest& request,
                                                 std::chrono::milliseconds timeout,
                                                 std::size_t max_response_bytes) {
  const Exchange wanted{address, request, timeout, max_response_bytes};
  co_return co_await exchange(wanted);
}

asio::awaitable<ClientResponse> ClientPool::stream(const Address& address,
                                                   const ClientRequest& request,
                                                   std::chrono::milliseconds timeout,
                                                   const TakePiece& take) {
  const Exchange wanted{address, request, timeout, std::numeric_limits<std::size_t>::max(), &take};
  co_return co_await exchange(wanted);
}

asio::awaitable<ClientResponse> ClientPool::exchange(const Exchange& wanted) {
  const auto impl = impl_;
  const ClientRequest& request = wanted.request;
  const std::string head = request_head(wanted.address, request, request.body.size());
  const auto deadline = std::chrono::steady_clock::now() + wanted.timeout;
  const PieceTaker taker{wanted.take, wanted.timeout};
  while (true) {
    auto connection = impl->take_idle(wanted.address);
    if (!connection) connection = std::make_unique<PooledConnection>(impl->executor);
    impl->watch(*connection, deadline);
    struct Unwatch {
      Impl& pool;
      PooledConnection* watched;
      ~Unwatch() { pool.active.erase(watched); }
    } unwatch{*impl, connection.get()};

    std::optional<ResponseParser> parser;
    try {
      if (connection->fresh) co_await connect(*connection, wanted.address);
      co_await write_all(*connection, head, request.body);
      co_await read_response(*connection, parser, request.method == "HEAD",
                             wanted.max_response_bytes, taker);
    } catch (const ClientError& error) {
      const bool unanswered = !parser || !parser->begun();
      if (!connection->fresh && unanswered && error.kind() == ClientError::Kind::kClosed) {
        impl->idle.erase(wanted.address);  // the others are as old: a fresh one for the second try
        continue;
      }
      throw;
    }
    ClientResponse response = std::move(parser->response());
    if (parser->keeps_alive()) impl->keep(wanted.address, std::move(connection));
    co_return response;
  }
}

}  // namespace clary::http
