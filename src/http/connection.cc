#include "http/connection.h"

#include "base/log.h"
#include "http/request_body.h"
#include "http/response_stream.h"

namespace clary::http {

namespace asio = boost::asio;

namespace {

constexpr std::size_t kInputBytes = 16 * 1024;
constexpr std::chrono::milliseconds kLingerTime{2000}, kShortLingerTime{200};
constexpr unsigned char kTlsHandshake = 0x16;

std::string_view status_line(unsigned status) {
  switch (status) {
    case 403:
      return "HTTP/1.1 403 Forbidden\r\n";
    case 408:
      return "HTTP/1.1 408 Request Timeout\r\n";
    case 431:
      return "HTTP/1.1 431 Request Header Fields Too Large\r\n";
    default:
      return "HTTP/1.1 400 Bad Request\r\n";
  }
}

}  // namespace

Connection::Connection(Socket socket, IoThread& thread, std::string peer, AddressCounts::Slot slot)
    : thread_(thread),
      transport_(std::move(socket), thread.now(), thread.options().limits.body_timeout),
      peer_(std::move(peer)),
      slot_(std::move(slot)),
      input_(kInputBytes) {
  thread_.enter(*this);
}

Connection::~Connection() {
  thread_.leave(*this);
}

void Connection::end_if_idle() {
  if (idle_ || abort_call_.upgraded) abort();
}

void Connection::abort() {
  transport_.abort();
  abort_call_.abort();
}

asio::awaitable<void> run_connection(std::unique_ptr<Connection> connection) {
  co_await connection->run();
}

asio::awaitable<void> Connection::run() {
  if (!co_await detect_tls()) co_return;
  bool more = true;
  while (more) {
    const Head head = co_await read_head();
    switch (head) {
      case Head::kRequest:
        more = co_await handle_request();
        break;
      case Head::kClosed:
        co_return;
      case Head::kTimeout:
        co_await refuse(408, "the request head did not come in time");
        co_return;
      case Head::kBad:
        co_await refuse(400, parser_->reason());
        co_return;
      case Head::kTooLarge:
        co_await refuse(431, "the request head is too large");
        co_return;
    }
  }
  co_await linger();
}

asio::awaitable<bool> Connection::detect_tls() {
  if (thread_.options().tls == nullptr) co_return true;
  char first = 0;
  idle_ = true;
  transport_.set_deadline(thread_.options().limits.idle_timeout);
  const IoResult peeked = co_await transport_.peek(first);
  transport_.clear_deadline();
  idle_ = false;
  if (peeked.status != IoStatus::kOk) co_return false;
  if (static_cast<unsigned char>(first) != kTlsHandshake) co_return true;
  transport_.set_deadline(thread_.options().limits.header_timeout);
  const IoStatus status = co_await transport_.start_tls(*thread_.options().tls);
  transport_.clear_deadline();
  if (status != IoStatus::kOk) spdlog::debug("TLS handshake with {} failed", peer_);
  co_return status == IoStatus::kOk;
}

asio::awaitable<Connection::Head> Connection::read_head() {
  const Limits& limits = thread_.options().limits;
  parser_.emplace(limits.header_bytes);
  bool first_read = true;
  bool head_begun = false;
  while (true) {
    if (!input_.empty()) {
      std::size_t consumed = 0;
      const ParseStatus status = parser_->parse_head(input_.view(), consumed);
      input_.consume(consumed);
      if (status == ParseStatus::kDone) {
        transport_.clear_deadline();
        co_return Head::kRequest;
      }
      if (status == ParseStatus::kBad) co_return Head::kBad;
      if (status == ParseStatus::kTooLarge) co_return Head::kTooLarge;
    }
    if (parser_->started() && !head_begun) {
      // One deadline for the whole head: a byte now and then does not extend it.
      head_begun = true;
      transport_.set_deadline(limits.header_timeout);
    } else if (first_read) {
      if (thread_.draining()) co_return Head::kClosed;
      transport_.set_deadline(limits.idle_timeout);
    }
    first_read = false;
    idle_ = !head_begun;
    const IoResult got = co_await transport_.read_some(input_.prepare(kInputBytes / 4));
    idle_ = false;
    if (got.status == IoStatus::kTimeout && head_begun) co_return Head::kTimeout;
    if (got.status != IoStatus::kOk) co_return Head::kClosed;
    input_.commit(got.bytes);
  }
}

asio::awaitable<bool> Connection::handle_request() {
  if (parser_->head().method == "CONNECT") co_return co_await open_tunnel();
  RequestBody body(transport_, input_, *parser_, thread_.options().limits.body_timeout);
  const ResponseFraming framing{.head_request = parser_->head().method == "HEAD",
                                .http_11 = parser_->is_http_11(),
                                .keep_alive = parser_->keeps_alive()};
  ResponseStream response(transport_, thread_, framing, scratch_, body);
  const bool upgrades = framing.http_11 && body.done() && asks_for_upgrade(parser_->head());
  RequestConnection connection({transport_, input_}, response, abort_call_, upgrades);
  Exchange exchange{std::move(parser_->head()), body, response, thread_.next_request_id(),
                    connection};
  exchange.request.peer = peer_;
  exchange.request.tls = transport_.is_tls();
  response.set_request_id(exchange.request_id);
  co_await call_handler(exchange, response);
  const bool drained = body.done() || (response.keeps_alive() && co_await body.drain());
  unread_ = !drained || abort_call_.upgraded;
  co_return drained&& response.keeps_alive();
}

asio::awaitable<void> Connection::call_handler(Exchange& exchange, const ResponseStream& response) {
  unsigned status = 500;
  std::string_view text = "internal failure\n";
  try {
    co_await thread_.handler()(exchange);
    if (response.finished()) co_return;
    spdlog::error("request {}: the handler ended without finishing its response",
                  exchange.request_id);
  } catch (const BodyError& error) {
    spdlog::debug("request {}: {}", exchange.request_id, error.what());
    status = error.kind() == BodyError::Kind::kTimeout    ? 408
             : error.kind() == BodyError::Kind::kTooLarge ? 413
                                                          : 400;
    text = "the request body could not be read\n";
  } catch (const std::exception& error) {
    spdlog::error("request {}: {}", exchange.request_id, error.what());
  }
  if (response.started()) co_return;
  try {
    co_await exchange.response.send(
        {.status = status, .headers = {{"Content-Type", "text/plain"}}, .content_length = {}},
        std::string(text));
  } catch (const BodyError&) {
    // The client is gone; nobody is left to tell.
  }
}

// The inner request comes on this very connection, usually through TLS.
asio::awaitable<bool> Connection::open_tunnel() {
  const std::string target = parser_->head().path;
  const auto& accepts = thread_.options().accepts_connect;
  if (tunnel_ || !accepts || !accepts(target)) {
    co_await refuse(403, "CONNECT to " + target + " is not offered here");
    co_return false;
  }
  if (!input_.empty()) {
    co_await refuse(400, "bytes before the tunnel was open");
    co_return false;
  }
  tunnel_ = true;
  thread_.count(200);
  if (co_await transport_.write("HTTP/1.1 200 Connection established\r\n\r\n") != IoStatus::kOk) {
    co_return false;
  }
  co_return co_await detect_tls();
}

asio::awaitable<void> Connection::refuse(unsigned status, std::string_view reason) {
  thread_.count(status);
  std::string body(reason);
  body += '\n';
  std::string head(status_line(status));
  head += thread_.date_header();
  head += "Content-Type: text/plain\r\nConnection: close\r\nContent-Length: ";
  head += std::to_string(body.size());
  head += "\r\n\r\n";
  unread_ = true;
  if (co_await transport_.write(head, body) == IoStatus::kOk) co_await linger();
}

// Closing with unread bytes makes the kernel reset the connection, and the reset can overtake the
// answer: so send our end, then throw away what comes until the peer ends too.
asio::awaitable<void> Connection::linger() {
  transport_.set_deadline(thread_.draining() ? kShortLingerTime : kLingerTime);
  co_await transport_.shutdown_write();
  while (unread_) {
    const IoResult got = co_await transport_.read_some(input_.prepare(kInputBytes));
    if (got.status != IoStatus::kOk) break;
  }
  transport_.clear_deadline();
}

}  // namespace clary::http
