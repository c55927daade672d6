// The HTTP server: one port for plain HTTP, TLS (the first byte decides) and CONNECT tunnels that
// end here. All of Beast is behind this header.
#pragma once

#include <array>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/body.h"
#include "base/request.h"
#include "http/byte_stream.h"

namespace clary::http {

// One request under way. References live until the handler returns.
struct Exchange {
  RequestHead request;
  BodyReader& body;
  BodyWriter& response;
  // Sent back as x-amzn-RequestId / x-amz-request-id by the codecs, and logged.
  std::string request_id;
  ExchangeConnection& connection;
};

// Called on the connection's own executor, one request of a connection at a time. What it throws is
// logged with the request id and answered 500 when nothing was sent yet. A handler that returns
// without reading the whole body leaves the rest to the server (drained when small, else closed).
using Handler = std::function<boost::asio::awaitable<void>(Exchange&)>;

struct Limits {
  std::size_t header_bytes = 64 * 1024;
  std::size_t connections = 10000;
  std::size_t connections_per_address = 0;  // 0: any number
  // A head that is not complete by then is answered 408 and closed (slow loris).
  std::chrono::seconds header_timeout{15};
  // No byte of a body read or taken by the peer for that long: closed.
  std::chrono::seconds body_timeout{60};
  std::chrono::seconds idle_timeout{120};
};

// Gives the TLS context for a host name (SNI); the local CA makes certificates as needed.
class TlsContexts {
 public:
  virtual ~TlsContexts() = default;
  // An SSL_CTX* that stays valid while this object lives; `host` may be empty. threads: any.
  virtual void* context_for(std::string_view host) = 0;
};

struct ServerOptions {
  std::string address = "127.0.0.1";
  std::uint16_t port = 0;  // 0: any free one
  // Or a Unix-domain socket path instead of address and port.
  std::string unix_path;
  unsigned threads = 1;
  Limits limits;
  TlsContexts* tls = nullptr;  // not owned; nullptr: plain only
  // Which CONNECT targets ("sts.us-east-1.amazonaws.com:443") are answered here; others get 403.
  std::function<bool(std::string_view host_and_port)> accepts_connect;
};

// owns: its threads and connections. threads: one io_context each, connections spread over them.
// order: stop() before what the handler uses is destroyed.
class Server {
 public:
  // Binds at once and throws std::system_error when it cannot; accepts from start() on.
  Server(ServerOptions options, Handler handler);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  void start();
  std::uint16_t port() const;
  // Stops accepting, lets requests under way finish for up to `grace`, closes the rest, joins.
  void stop(std::chrono::milliseconds grace);

  // Requests served since start, by status class (index 2 = 2xx); for /metrics.
  std::array<std::uint64_t, 6> requests_by_class() const;
  std::size_t open_connections() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace clary::http
