// HTTP/1.1 client: a keep-alive pool for coroutines (the gateway's way to model servers), and a
// blocking form for programs without an event loop (the job agent, the command line).
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>

#include "base/request.h"

namespace clary::http {

class ClientTls;

// Where a server listens.
struct Address {
  std::string host;  // "127.0.0.1"; also sent as Host
  std::uint16_t port = 0;
  std::string unix_path;  // when set, a Unix-domain socket; host and port are ignored but for Host
  friend auto operator<=>(const Address&, const Address&) = default;
};

struct ClientRequest {
  std::string method = "GET";
  std::string target = "/";  // path and query, percent-encoded
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
};

struct ClientResponse {
  unsigned status = 0;
  Headers headers;
  std::string body;
};

class ClientError : public std::runtime_error {
 public:
  enum class Kind { kConnect, kTimeout, kClosed, kMalformed, kTooLarge };
  ClientError(Kind kind, const std::string& what) : std::runtime_error(what), kind_(kind) {}
  Kind kind() const { return kind_; }

 private:
  Kind kind_;
};

// threads: one pool per executor (per io_context thread); not shared between threads.
// A kept connection that the peer closed is retried once on a fresh one, only when no byte of the
// answer had come.
class ClientPool {
 public:
  ClientPool(boost::asio::any_io_executor executor, std::size_t idle_per_address = 16);
  ~ClientPool();
  // Throws ClientError.
  boost::asio::awaitable<ClientResponse> send(const Address& address, const ClientRequest& request,
                                              std::chrono::milliseconds timeout,
                                              std::size_t max_response_bytes = 64 << 20);
  // As send(), for bodies that come bit by bit: a 2xx body goes to `take` in pieces as they come
  // (the first piece may be empty: the head alone), other answers are returned whole. `timeout`
  // bounds each wait for the server. Once a piece was taken nothing is tried again.
  using TakePiece = std::function<boost::asio::awaitable<void>(const ClientResponse& head,
                                                               std::string_view piece)>;
  boost::asio::awaitable<ClientResponse> stream(const Address& address,
                                                const ClientRequest& request,
                                                std::chrono::milliseconds timeout,
                                                const TakePiece& take);

 private:
  struct Exchange;
  boost::asio::awaitable<ClientResponse> exchange(const Exchange& wanted);

  struct Impl;
  std::shared_ptr<Impl> impl_;  // requests under way hold it too
};

// blocks. threads: one at a time per object. Keeps its connection open between calls.
// `timeout` bounds each wait for the peer, not the whole exchange: a long transfer that moves is
// fine. A server that answers before it took the whole body (a refusal) is heard.
class BlockingClient {
 public:
  // With `tls`, the server must prove by a certificate of those authorities that it is
  // address.host.
  explicit BlockingClient(Address address, std::shared_ptr<const ClientTls> tls = nullptr);
  ~BlockingClient();
  // Throws ClientError. `sink`, when given, gets a 2xx body in pieces instead of response.body;
  // `source` gives `source_length` bytes of request body in pieces (returns 0 at the end).
  struct Streams {
    std::function<void(std::string_view)> sink;
    std::function<std::size_t(std::span<char>)> source;
    std::uint64_t source_length = 0;
  };
  ClientResponse send(const ClientRequest& request, std::chrono::milliseconds timeout,
                      const Streams& streams);
  ClientResponse send(const ClientRequest& request, std::chrono::milliseconds timeout);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace clary::http
