#include "http/response_stream.h"

#include <boost/beast/http/status.hpp>
#include <charconv>

#include "base/text.h"

namespace clary::http {

namespace asio = boost::asio;

namespace {

// Up to here a copy is cheaper than another piece.
constexpr std::size_t kJoinBytes = 4096;

void append_number(std::string& text, std::uint64_t number, int base = 10) {
  std::array<char, 24> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number, base);
  text.append(digits.data(), end.ptr);
}

// A line break inside a value would start another header: it becomes a space.
void append_field(std::string& text, std::string_view name, std::string_view value) {
  text += name;
  text += ": ";
  const auto start = text.size();
  text += value;
  for (auto at = text.find_first_of(std::string_view("\r\n\0", 3), start); at != std::string::npos;
       at = text.find_first_of(std::string_view("\r\n\0", 3), at)) {
    text[at] = ' ';
  }
  text += "\r\n";
}

}  // namespace

void ResponseStream::check(IoStatus status) {
  if (status == IoStatus::kTimeout) {
    throw BodyError(BodyError::Kind::kTimeout, "the client takes no bytes of the response");
  }
  if (status != IoStatus::kOk) {
    throw BodyError(BodyError::Kind::kTruncated, "the client went away");
  }
}

void ResponseStream::make_head(const ResponseHead& head) {
  started_ = true;
  thread_.count(head.status);
  bodyless_ =
      framing_.head_request || head.status == 204 || head.status == 304 || head.status / 100 == 1;
  chunked_ = false;
  if (thread_.draining() || !request_.drainable()) framing_.keep_alive = false;

  head_ += "HTTP/1.1 ";
  append_number(head_, head.status);
  head_ += ' ';
  const auto reason =
      boost::beast::http::obsolete_reason(static_cast<boost::beast::http::status>(head.status));
  head_.append(reason.data(), reason.size());
  head_ += "\r\n";
  bool has_id = false;
  for (const auto& [name, value] : head.headers) {
    append_field(head_, name, value);
    has_id = has_id || equals_ignore_case(name, "x-amzn-requestid") ||
             equals_ignore_case(name, "x-amz-request-id");
  }
  if (!has_id) append_field(head_, "x-amzn-RequestId", request_id_);
  head_ += thread_.date_header();
  bounded_ = head.content_length.has_value();
  if (bounded_) {
    announced_ = *head.content_length;
    if (head.status != 204 && head.status / 100 != 1) {
      head_ += "Content-Length: ";
      append_number(head_, announced_);
      head_ += "\r\n";
    }
  } else if (!bodyless_) {
    if (framing_.http_11) {
      chunked_ = true;
      head_ += "Transfer-Encoding: chunked\r\n";
    } else {
      framing_.keep_alive = false;
    }
  }
  if (!framing_.keep_alive) {
    head_ += "Connection: close\r\n";
  } else if (!framing_.http_11) {
    head_ += "Connection: keep-alive\r\n";
  }
  head_ += "\r\n";
}

asio::awaitable<void> ResponseStream::send(ResponseHead head, std::string body) {
  if (started_) throw std::logic_error("a response was started twice");
  // A HEAD response announces the length of a body it does not have.
  if (!framing_.head_request || !head.content_length) head.content_length = body.size();
  make_head(head);
  std::string_view rest = bodyless_ ? std::string_view() : std::string_view(body);
  const IoResult sent = transport_.try_write(head_, rest);
  check(sent.status);
  finished_ = true;
  if (sent.bytes == head_.size() + rest.size()) co_return;
  const std::size_t of_head = std::min(sent.bytes, head_.size());
  rest.remove_prefix(sent.bytes - of_head);
  check(co_await transport_.write(std::string_view(head_).substr(of_head), rest));
}

asio::awaitable<void> ResponseStream::switch_protocols(
    const std::vector<std::pair<std::string, std::string>>& fields) {
  if (started_) throw std::logic_error("a response was started twice");
  started_ = finished_ = true;
  framing_.keep_alive = false;
  thread_.count(101);
  head_ += "HTTP/1.1 101 Switching Protocols\r\n";
  for (const auto& [name, value] : fields) append_field(head_, name, value);
  head_ += thread_.date_header();
  head_ += "Connection: Upgrade\r\n\r\n";
  check(co_await transport_.write(head_));
}

asio::awaitable<void> ResponseStream::start(ResponseHead head) {
  if (started_) throw std::logic_error("a response was started twice");
  make_head(head);
  co_return;
}

void ResponseStream::take(std::uint64_t bytes) {
  if (!started_ || finished_) throw std::logic_error("a response body outside its response");
  taken_ += bytes;
  if (bounded_ && taken_ > announced_) {
    throw std::logic_error("a response body is longer than announced");
  }
}

asio::awaitable<void> ResponseStream::write(std::span<const std::byte> bytes) {
  take(bytes.size());
  std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (bodyless_) text = {};
  std::string_view chunk_end;
  if (chunked_ && !text.empty()) {
    append_number(head_, text.size(), 16);
    head_ += "\r\n";
    chunk_end = "\r\n";
  }
  if (text.size() <= kJoinBytes) {
    head_ += text;
    head_ += chunk_end;
    check(co_await transport_.write(head_));
  } else {
    check(co_await transport_.write(head_, text));
    if (!chunk_end.empty()) check(co_await transport_.write(chunk_end));
  }
  head_.clear();
}

asio::awaitable<void> ResponseStream::write_file(int file, std::uint64_t offset,
                                                 std::uint64_t length) {
  take(length);
  if (bodyless_ || length == 0) co_return;
  if (chunked_) {
    append_number(head_, length, 16);
    head_ += "\r\n";
  }
  check(co_await transport_.write_before_file(head_));
  head_.clear();
  check(co_await transport_.send_file(file, offset, length));
  if (chunked_) check(co_await transport_.write("\r\n"));
}

asio::awaitable<void> ResponseStream::finish() {
  if (!started_ || finished_) throw std::logic_error("a response finished outside its response");
  if (chunked_) head_ += "0\r\n\r\n";
  if (!head_.empty()) check(co_await transport_.write(head_));
  head_.clear();
  // Fewer bytes than announced: only closing tells the client.
  if (bounded_ && !bodyless_ && taken_ != announced_) framing_.keep_alive = false;
  finished_ = true;
}

}  // namespace clary::http
