#include "http/response_parser.h"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/error.hpp>

namespace clary::http {

namespace beast_http = boost::beast::http;

namespace {

constexpr std::uint32_t kHeaderBytes = 256 * 1024;
constexpr std::size_t kReserveBytes = 1 << 20;

}  // namespace

ResponseParser::ResponseParser(bool head_request, std::size_t max_body_bytes, const Sink* sink)
    : max_body_bytes_(max_body_bytes), sink_(sink) {
  header_limit(kHeaderBytes);
  body_limit(boost::none);
  eager(true);
  skip(head_request);
}

std::size_t ResponseParser::parse(std::string_view bytes) {
  if (bytes.empty()) return 0;
  begun_ = true;
  Error error;
  std::size_t consumed = 0;
  while (!is_done() && consumed < bytes.size()) {
    consumed += put(boost::asio::buffer(bytes.data() + consumed, bytes.size() - consumed), error);
    if (error == beast_http::error::need_more) break;
    if (error == beast_http::error::body_limit) {
      throw ClientError(ClientError::Kind::kTooLarge, "the response is too large");
    }
    if (error) {
      throw ClientError(ClientError::Kind::kMalformed, "bad response: " + error.message());
    }
  }
  return consumed;
}

void ResponseParser::end() {
  Error error;
  if (begun_ && got_some()) put_eof(error);
  if (!begun_ || error || !is_done()) {
    throw ClientError(ClientError::Kind::kClosed, "the server closed the connection too early");
  }
}

void ResponseParser::on_response_impl(int code, View, int, Error&) {
  response_.status = static_cast<unsigned>(code);
}

void ResponseParser::on_field_impl(beast_http::field, View name, View value, Error&) {
  if (head_done_) return;  // a trailer
  response_.headers.add(std::string(name.data(), name.size()),
                        std::string(value.data(), value.size()));
}

void ResponseParser::on_body_init_impl(const boost::optional<std::uint64_t>& length, Error& error) {
  const bool to_sink = sink_ != nullptr && *sink_ && response_.status / 100 == 2;
  if (!to_sink) sink_ = nullptr;
  if (!length || sink_ != nullptr) return;
  if (*length > max_body_bytes_) error = beast_http::error::body_limit;
  response_.body.reserve(std::min<std::uint64_t>(*length, kReserveBytes));
}

std::size_t ResponseParser::on_body_impl(View body, Error& error) {
  if (sink_ != nullptr) {
    (*sink_)({body.data(), body.size()});
    return body.size();
  }
  body_bytes_ += body.size();
  if (body_bytes_ > max_body_bytes_) {
    error = beast_http::error::body_limit;
    return 0;
  }
  response_.body.append(body.data(), body.size());
  return body.size();
}

std::size_t ResponseParser::on_chunk_body_impl(std::uint64_t, View body, Error& error) {
  return on_body_impl(body, error);
}

std::string request_head(const Address& address, const ClientRequest& request,
                         std::uint64_t body_bytes) {
  std::string head;
  head.reserve(512);
  head += request.method;
  head += ' ';
  head += request.target;
  head += " HTTP/1.1\r\n";
  bool has_host = false;
  for (const auto& [name, value] : request.headers) {
    has_host = has_host || equals_ignore_case(name, "host");
    head += name;
    head += ": ";
    head += value;
    head += "\r\n";
  }
  if (!has_host) {
    head += "Host: ";
    head += address.host.empty() ? "localhost" : address.host;
    if (address.port != 0) head += ":" + std::to_string(address.port);
    head += "\r\n";
  }
  if (body_bytes > 0 || (request.method != "GET" && request.method != "HEAD")) {
    head += "Content-Length: " + std::to_string(body_bytes) + "\r\n";
  }
  head += "\r\n";
  return head;
}

}  // namespace clary::http
