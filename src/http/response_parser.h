// One response as it comes in, and the bytes of a request as they go out: what both clients share.
#pragma once

#include <boost/beast/http/basic_parser.hpp>
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include "http/client.h"

namespace clary::http {

// For one response. threads: one at a time.
class ResponseParser final : private boost::beast::http::basic_parser<false> {
 public:
  using Sink = std::function<void(std::string_view)>;

  // `sink`, when given, takes the body of a 2xx response; it must outlive this object.
  ResponseParser(bool head_request, std::size_t max_body_bytes, const Sink* sink = nullptr);

  // Takes bytes and returns how many; interim answers (1xx) must be whole in `bytes` or come again.
  // Throws ClientError (kMalformed, kTooLarge).
  std::size_t parse(std::string_view bytes);
  // The peer sent its end. Throws ClientError when the response is not whole.
  void end();

  bool done() const { return is_done(); }
  bool keeps_alive() const { return keep_alive(); }
  bool is_interim() const { return done() && response_.status / 100 == 1; }
  bool begun() const { return begun_; }
  bool has_head() const { return head_done_; }
  ClientResponse& response() { return response_; }

 private:
  using Error = boost::beast::error_code;
  using View = boost::beast::string_view;
  void on_request_impl(boost::beast::http::verb, View, View, int, Error&) override {}
  void on_response_impl(int code, View reason, int version, Error&) override;
  void on_field_impl(boost::beast::http::field, View name, View value, Error&) override;
  void on_header_impl(Error&) override { head_done_ = true; }
  void on_body_init_impl(const boost::optional<std::uint64_t>& length, Error& error) override;
  std::size_t on_body_impl(View body, Error& error) override;
  void on_chunk_header_impl(std::uint64_t, View, Error&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t remaining, View body, Error& error) override;
  void on_finish_impl(Error&) override {}

  ClientResponse response_;
  const std::size_t max_body_bytes_;
  const Sink* sink_;
  std::size_t body_bytes_ = 0;
  bool begun_ = false;
  bool head_done_ = false;
};

// Request line and header fields with Host and Content-Length, up to the empty line.
std::string request_head(const Address& address, const ClientRequest& request,
                         std::uint64_t body_bytes);

}  // namespace clary::http
