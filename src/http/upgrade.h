// What an exchange shows of its connection: the way to its bytes.
#pragma once

#include <optional>

#include "http/byte_stream.h"
#include "http/input_buffer.h"
#include "http/transport.h"

namespace clary {
struct RequestHead;
}

namespace clary::http {

class ResponseStream;

// The bytes that came with the request's head are read first.
class ConnectionStream final : public ByteStream {
 public:
  ConnectionStream(Transport& transport, InputBuffer& input)
      : transport_(transport), input_(input) {}
  boost::asio::awaitable<std::size_t> read_some(std::span<char> buffer) override;
  boost::asio::awaitable<void> write(std::string_view bytes) override;
  boost::asio::awaitable<void> end() override;
  void abort() override { transport_.abort(); }

 private:
  Transport& transport_;
  InputBuffer& input_;
  bool reads_no_more_ = false;
};

// Whether a request asks for another protocol on its connection.
bool asks_for_upgrade(const RequestHead& head);

// Outlives the request that it is filled for: what breaks the connection off calls it.
struct AbortCall {
  std::function<void()> callback;
  bool aborted = false;
  bool upgraded = false;

  void abort() {
    aborted = true;
    if (auto call = std::exchange(callback, nullptr)) call();
  }
};

class RequestConnection final : public ExchangeConnection {
 public:
  // `offered`: the request asks for an upgrade and may have it.
  RequestConnection(ConnectionStream stream, ResponseStream& response, AbortCall& abort_call,
                    bool offered)
      : stream_(stream), response_(response), abort_call_(abort_call), offered_(offered) {}
  ~RequestConnection() override { abort_call_.callback = nullptr; }
  RequestConnection(const RequestConnection&) = delete;
  RequestConnection& operator=(const RequestConnection&) = delete;

  bool offers_upgrade() const override { return offered_; }
  boost::asio::awaitable<ByteStream*> upgrade(
      const std::vector<std::pair<std::string, std::string>>& fields) override;
  void on_abort(std::function<void()> callback) override;

 private:
  ConnectionStream stream_;
  ResponseStream& response_;
  AbortCall& abort_call_;
  bool offered_;
};

}  // namespace clary::http
