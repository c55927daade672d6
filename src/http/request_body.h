// The body of the request under way, as it comes from the connection.
#pragma once

#include "base/body.h"
#include "http/input_buffer.h"
#include "http/request_parser.h"
#include "http/transport.h"

namespace clary::http {

// "100 Continue" is sent when somebody first reads: a request that is refused by its head alone
// never brings its body.
class RequestBody final : public BodyReader {
 public:
  RequestBody(Transport& transport, InputBuffer& input, RequestParser& parser,
              std::chrono::milliseconds timeout)
      : transport_(transport),
        input_(input),
        parser_(parser),
        timeout_(timeout),
        remaining_(parser.body_length()),
        done_(!parser.is_chunked() && remaining_ == 0),
        continue_pending_(parser.expects_continue() && !done_) {}

  boost::asio::awaitable<std::size_t> read_some(std::span<std::byte> buffer) override;
  std::optional<std::uint64_t> content_length() const override;

  const Headers* trailers() const override {
    return parser_.trailers().size() > 0 ? &parser_.trailers() : nullptr;
  }

  // Everything was read, so the connection may carry another request.
  bool done() const { return done_; }
  // Whether drain() can succeed: known before the response is sent, so that it can say that the
  // connection closes.
  bool drainable() const;
  // Reads what the handler left, when that is little. False: close the connection.
  boost::asio::awaitable<bool> drain();

 private:
  boost::asio::awaitable<std::size_t> read_fixed(std::span<std::byte> buffer);
  boost::asio::awaitable<std::size_t> read_chunked(std::span<std::byte> buffer);
  boost::asio::awaitable<std::size_t> receive(std::span<char> buffer);

  Transport& transport_;
  InputBuffer& input_;
  RequestParser& parser_;
  const std::chrono::milliseconds timeout_;
  std::uint64_t remaining_;
  bool done_;
  bool continue_pending_;
};

}  // namespace clary::http
