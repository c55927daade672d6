// One request's head and chunked body: the glue between Beast's parser and RequestHead.
#pragma once

#include <boost/beast/http/basic_parser.hpp>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/request.h"

namespace clary::http {

enum class ParseStatus {
  kDone,      // the head is whole, or the body's end was reached
  kNeedMore,  // nothing wrong so far
  kBad,       // 400: `reason()` says why
  kTooLarge,  // 431
};

// For one request; made anew for the next. threads: one at a time.
class RequestParser final : private boost::beast::http::basic_parser<true> {
 public:
  explicit RequestParser(std::size_t header_limit_bytes);

  // Takes bytes of the head; `consumed` says how many. After kDone the rest belongs to the body.
  ParseStatus parse_head(std::string_view bytes, std::size_t& consumed);
  // Takes bytes of a chunked body and copies payload to `out`; `written` says how much. kDone only
  // after the last chunk and its trailer.
  ParseStatus parse_chunks(std::string_view bytes, std::size_t& consumed, std::span<std::byte> out,
                           std::size_t& written);

  RequestHead& head() { return head_; }
  // Fields after a chunked body; they never mix with the head's.
  const Headers& trailers() const { return trailers_; }
  bool started() const { return got_some_; }
  bool keeps_alive() const { return keep_alive(); }
  bool is_http_11() const { return http_11_; }
  bool is_chunked() const { return chunked(); }
  bool expects_continue() const { return expects_continue_; }
  // Of a body that is not chunked; 0 when there is none.
  std::uint64_t body_length() const { return body_length_; }
  bool has_content_length() const { return has_content_length_; }
  const std::string& reason() const { return reason_; }

 private:
  using Error = boost::beast::error_code;
  using View = boost::beast::string_view;
  void on_request_impl(boost::beast::http::verb verb, View method, View target, int version,
                       Error& error) override;
  void on_response_impl(int, View, int, Error&) override {}
  void on_field_impl(boost::beast::http::field field, View name, View value, Error&) override;
  void on_header_impl(Error&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>&, Error&) override {}
  std::size_t on_body_impl(View, Error&) override { return 0; }
  void on_chunk_header_impl(std::uint64_t, View, Error&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t remaining, View body, Error&) override;
  void on_finish_impl(Error&) override {}

  ParseStatus fail(const Error& error);
  ParseStatus finish_head();
  void set_target(std::string_view target);

  RequestHead head_;
  Headers trailers_;
  std::size_t trailer_bytes_ = 0;
  const std::size_t header_limit_bytes_;
  std::size_t header_bytes_ = 0;
  std::uint64_t body_length_ = 0;
  std::span<std::byte> out_;
  std::size_t written_ = 0;
  std::string reason_;
  bool got_some_ = false;
  bool head_done_ = false;
  bool http_11_ = true;
  bool has_host_ = false;
  bool has_content_length_ = false;
  bool expects_continue_ = false;
  bool absolute_form_ = false;
};

}  // namespace clary::http
