#include "http/request_parser.h"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/error.hpp>
#include <cstring>

#include "base/text.h"

namespace clary::http {

namespace beast_http = boost::beast::http;

RequestParser::RequestParser(std::size_t header_limit_bytes)
    : header_limit_bytes_(header_limit_bytes) {
  header_limit(static_cast<std::uint32_t>(header_limit_bytes));
  body_limit(boost::none);
}

ParseStatus RequestParser::parse_head(std::string_view bytes, std::size_t& consumed) {
  consumed = 0;
  // Empty lines before a request line are allowed and skipped (RFC 9112, 2.2).
  while (!got_some_ && bytes.substr(consumed).starts_with("\r\n")) consumed += 2;
  if (consumed == bytes.size() || bytes.substr(consumed) == "\r") return ParseStatus::kNeedMore;
  got_some_ = true;
  Error error;
  const auto taken =
      put(boost::asio::buffer(bytes.data() + consumed, bytes.size() - consumed), error);
  consumed += taken;
  header_bytes_ += taken;
  if (error == beast_http::error::need_more) {
    const std::size_t waiting = bytes.size() - consumed;
    return header_bytes_ + waiting > header_limit_bytes_ ? ParseStatus::kTooLarge
                                                         : ParseStatus::kNeedMore;
  }
  if (error) return fail(error);
  if (!is_header_done()) return ParseStatus::kNeedMore;
  if (header_bytes_ > header_limit_bytes_) return ParseStatus::kTooLarge;
  return finish_head();
}

ParseStatus RequestParser::finish_head() {
  head_done_ = true;
  if (!chunked()) {
    const auto length = content_length();
    has_content_length_ = length.has_value();
    body_length_ = length.value_or(0);
  }
  if (http_11_ && !has_host_ && !absolute_form_) {
    reason_ = "an HTTP/1.1 request needs a Host header";
    return ParseStatus::kBad;
  }
  if (!http_11_) expects_continue_ = false;
  return ParseStatus::kDone;
}

ParseStatus RequestParser::fail(const Error& error) {
  if (error == beast_http::error::header_limit) return ParseStatus::kTooLarge;
  reason_ = error.message();
  return ParseStatus::kBad;
}

ParseStatus RequestParser::parse_chunks(std::string_view bytes, std::size_t& consumed,
                                        std::span<std::byte> out, std::size_t& written) {
  consumed = 0;
  out_ = out;
  written_ = 0;
  ParseStatus status = ParseStatus::kNeedMore;
  while (true) {
    if (is_done()) {
      status = ParseStatus::kDone;
      break;
    }
    if (consumed == bytes.size()) break;
    if (written_ == out_.size() && !out_.empty()) break;
    Error error;
    const auto taken =
        put(boost::asio::buffer(bytes.data() + consumed, bytes.size() - consumed), error);
    consumed += taken;
    if (error == beast_http::error::need_more) break;
    if (error) {
      status = fail(error);
      break;
    }
  }
  written = written_;
  return status;
}

void RequestParser::on_request_impl(beast_http::verb, View method, View target, int version,
                                    Error& error) {
  head_.method.assign(method.data(), method.size());
  http_11_ = version >= 11;
  set_target({target.data(), target.size()});
  if (head_.path.empty()) error = beast_http::error::bad_target;
}

// Origin form ("/a?b"), absolute form ("http://host/a?b", what proxies get), authority form
// (CONNECT) and "*" (OPTIONS).
void RequestParser::set_target(std::string_view target) {
  if (head_.method == "CONNECT" || target == "*") {
    head_.path = target;
    return;
  }
  if (!target.starts_with('/')) {
    const auto scheme_end = target.find("://");
    if (scheme_end == std::string_view::npos) return;
    target.remove_prefix(scheme_end + 3);
    const auto path_start = target.find_first_of("/?");
    head_.headers.add("Host", std::string(target.substr(0, path_start)));
    absolute_form_ = true;
    target = path_start == std::string_view::npos ? "/" : target.substr(path_start);
  }
  const auto mark = target.find('?');
  head_.path = target.substr(0, mark);
  if (head_.path.empty()) head_.path = "/";
  if (mark != std::string_view::npos) head_.query = target.substr(mark + 1);
}

void RequestParser::on_field_impl(beast_http::field field, View name, View value, Error& error) {
  if (head_done_) {
    trailer_bytes_ += name.size() + value.size() + 4;
    if (trailer_bytes_ > header_limit_bytes_) {
      error = beast_http::error::header_limit;
      return;
    }
    trailers_.add(std::string(name.data(), name.size()), std::string(value.data(), value.size()));
    return;
  }
  if (field == beast_http::field::host) {
    if (has_host_) error = beast_http::error::bad_field;
    has_host_ = true;
    if (absolute_form_) return;  // the target's authority wins (RFC 9112, 3.2.2)
  } else if (field == beast_http::field::expect) {
    expects_continue_ = equals_ignore_case({value.data(), value.size()}, "100-continue");
  }
  head_.headers.add(std::string(name.data(), name.size()), std::string(value.data(), value.size()));
}

std::size_t RequestParser::on_chunk_body_impl(std::uint64_t, View body, Error&) {
  const std::size_t bytes = std::min(body.size(), out_.size() - written_);
  std::memcpy(out_.data() + written_, body.data(), bytes);
  written_ += bytes;
  return bytes;
}

}  // namespace clary::http
