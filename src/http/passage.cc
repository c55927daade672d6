#include "http/passage.h"

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <charconv>
#include <limits>

#include "http/response_parser.h"
#include "http/upstream.h"

namespace clary::http {

namespace asio = boost::asio;
using SteadyClock = std::chrono::steady_clock;

namespace {

constexpr std::size_t kPieceBytes = 64 * 1024;

// The parts of one exchange that run side by side. Their failures are kept here, not thrown: the
// first says why the rest ended.
class Flight {
 public:
  Flight(Exchange& exchange, const Passage& passage, const asio::any_io_executor& executor)
      : exchange_(exchange), passage_(passage), upstream_(executor) {}

  asio::awaitable<void> run();
  asio::awaitable<void> watch();
  void abort() {
    aborted_ = true;
    upstream_.abort();
  }
  // Throws what went wrong.
  void check() const;
  bool upgraded() const { return upgraded_; }
  asio::awaitable<void> pipe_on();

 private:
  bool wants_upgrade() const {
    return !passage_.upgrade.empty() && exchange_.connection.offers_upgrade();
  }
  bool has_body() const { return exchange_.body.content_length().value_or(0) > 0 || is_chunked(); }
  bool is_chunked() const {
    return exchange_.request.headers.find("Transfer-Encoding").has_value();
  }
  void fail() {
    if (!error_) error_ = std::current_exception();
    upstream_.abort();
  }
  std::string head() const;
  asio::awaitable<void> upload();
  asio::awaitable<void> send_body();
  asio::awaitable<void> download();
  asio::awaitable<void> receive_answer();
  asio::awaitable<void> receive_body(ResponseParser& parser);
  ResponseHead answer_head(const ClientResponse& response) const;

  Exchange& exchange_;
  const Passage& passage_;
  Upstream upstream_;
  SteadyClock::time_point last_ = SteadyClock::now();
  std::exception_ptr error_, client_error_;
  bool reads_client_ = false;
  bool answered_ = false;
  bool timed_out_ = false;
  bool aborted_ = false;
  bool upgraded_ = false;
  std::vector<std::pair<std::string, std::string>> switched_;  // fields of the 101
};

std::string Flight::head() const {
  std::string text = exchange_.request.method + " " + passage_.target + " HTTP/1.1\r\n";
  for (const auto& [name, value] : passage_.headers) {
    text.append(name).append(": ").append(value).append("\r\n");
  }
  if (wants_upgrade()) {
    text.append("Connection: Upgrade\r\nUpgrade: ").append(passage_.upgrade).append("\r\n");
  } else {
    text += "Connection: close\r\n";
  }
  if (is_chunked()) {
    text += "Transfer-Encoding: chunked\r\n";
  } else if (const auto length = exchange_.body.content_length()) {
    text += "Content-Length: " + std::to_string(*length) + "\r\n";
  }
  return text + "\r\n";
}

asio::awaitable<void> Flight::send_body() {
  const bool chunked = is_chunked();
  std::vector<std::byte> piece(kPieceBytes);
  while (true) {
    reads_client_ = true;
    const std::size_t bytes = co_await exchange_.body.read_some(piece);
    reads_client_ = false;
    if (bytes == 0) break;
    last_ = SteadyClock::now();
    if (chunked) {
      std::array<char, 20> digits;
      const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), bytes, 16);
      co_await upstream_.write(std::string(digits.data(), end.ptr) + "\r\n");
    }
    co_await upstream_.write({reinterpret_cast<const char*>(piece.data()), bytes});
    if (chunked) co_await upstream_.write("\r\n");
    last_ = SteadyClock::now();
  }
  if (chunked) co_await upstream_.write("0\r\n\r\n");
}

// Ends when it is cancelled: the answer's end is the exchange's.
asio::awaitable<void> Flight::upload() {
  try {
    co_await send_body();
  } catch (const BodyError&) {
    // A server may answer without taking the whole body: then its answer counts. What the client
    // did not send whole is broken off, lest it looks whole.
    if (reads_client_ && !answered_) {
      client_error_ = std::current_exception();
      fail();
    }
  }
  asio::steady_timer never(co_await asio::this_coro::executor, SteadyClock::time_point::max());
  co_await never.async_wait(asio::use_awaitable);
}

asio::awaitable<void> Flight::download() {
  try {
    co_await receive_answer();
    answered_ = true;
  } catch (const std::exception&) {
    fail();
  }
}

ResponseHead Flight::answer_head(const ClientResponse& response) const {
  ResponseHead head{.status = response.status, .headers = {}, .content_length = std::nullopt};
  std::string connection;
  for (const auto& [name, value] : response.headers) {
    if (equals_ignore_case(name, "Connection")) connection += value + ",";
  }
  for (const auto& [name, value] : response.headers) {
    if (equals_ignore_case(name, "Content-Length")) {
      std::uint64_t length = 0;
      const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), length);
      if (error == std::errc()) head.content_length = length;
    }
    if (is_hop_by_hop(name, connection) || equals_ignore_case(name, "Date")) continue;
    head.headers.emplace_back(name, value);
  }
  if (response.headers.find("Transfer-Encoding")) head.content_length.reset();
  if (passage_.edit) passage_.edit(head);
  return head;
}

asio::awaitable<void> Flight::receive_answer() {
  const bool head_request = exchange_.request.method == "HEAD";
  std::optional<ResponseParser> parser(std::in_place, head_request,
                                       std::numeric_limits<std::size_t>::max());
  while (true) {
    upstream_.input().consume(parser->parse(upstream_.input().view()));
    if (parser->is_interim() && parser->response().status == 101) {
      if (!wants_upgrade()) {
        throw ClientError(ClientError::Kind::kMalformed, "101 to a request that asked for nothing");
      }
      switched_ = answer_head(parser->response()).headers;
      switched_.emplace_back("Upgrade", passage_.upgrade);
      upgraded_ = true;
      co_return;
    }
    if (parser->is_interim()) {
      parser.emplace(head_request, std::numeric_limits<std::size_t>::max());
      continue;
    }
    if (parser->has_head()) break;
    if (!co_await upstream_.receive()) {
      parser->end();
      break;
    }
    last_ = SteadyClock::now();
  }
  co_await receive_body(*parser);
}

asio::awaitable<void> Flight::receive_body(ResponseParser& parser) {
  co_await exchange_.response.start(answer_head(parser.response()));
  bool begun = false;
  while (true) {
    const std::string piece = std::exchange(parser.response().body, {});
    // An empty first piece sends the head: the body may take its time.
    if (!piece.empty() || (!begun && !parser.done())) {
      co_await exchange_.response.write(as_bytes(piece));
    }
    begun = true;
    last_ = SteadyClock::now();
    if (parser.done()) break;
    const std::size_t parsed = parser.parse(upstream_.input().view());
    upstream_.input().consume(parsed);
    if (parsed == 0 && !co_await upstream_.receive()) parser.end();
  }
  co_await exchange_.response.finish();
}

asio::awaitable<void> Flight::run() {
  using namespace asio::experimental::awaitable_operators;
  try {
    co_await upstream_.connect(passage_.address);
    co_await upstream_.write(head());
  } catch (const std::exception&) {
    fail();
    co_return;
  }
  if (has_body()) {
    co_await (upload() || download());
  } else {
    co_await download();
  }
}

asio::awaitable<void> Flight::watch() {
  asio::steady_timer timer(co_await asio::this_coro::executor);
  while (SteadyClock::now() < last_ + passage_.idle) {
    timer.expires_at(last_ + passage_.idle);
    co_await timer.async_wait(asio::use_awaitable);
  }
  timed_out_ = true;
  upstream_.abort();
}

void Flight::check() const {
  if (client_error_) std::rethrow_exception(client_error_);
  if (!error_ && !timed_out_) return;
  const bool started = exchange_.response.started();
  std::string what = timed_out_ ? "the server did not answer in time" : "";
  auto kind = timed_out_ ? ClientError::Kind::kTimeout : ClientError::Kind::kClosed;
  try {
    if (error_) std::rethrow_exception(error_);
  } catch (const ClientError& error) {
    if (!timed_out_) kind = error.kind();
    what += error.what();
  } catch (const std::exception& error) {
    what += error.what();
  }
  if (started || aborted_) throw BodyError(BodyError::Kind::kTruncated, what);
  throw ClientError(kind, what);
}

asio::awaitable<void> Flight::pipe_on() {
  ByteStream* client = co_await exchange_.connection.upgrade(switched_);
  co_await pipe(*client, upstream_, passage_.piped);
}

}  // namespace

bool is_hop_by_hop(std::string_view name, std::string_view connection) {
  constexpr std::array<std::string_view, 12> kNames{"connection",
                                                    "keep-alive",
                                                    "proxy-authenticate",
                                                    "proxy-authorization",
                                                    "proxy-connection",
                                                    "te",
                                                    "trailer",
                                                    "transfer-encoding",
                                                    "upgrade",
                                                    "content-length",
                                                    "expect",
                                                    "http2-settings"};
  for (const std::string_view one : kNames) {
    if (equals_ignore_case(name, one)) return true;
  }
  while (!connection.empty()) {
    const auto end = std::min(connection.find(','), connection.size());
    if (equals_ignore_case(trim(connection.substr(0, end)), name)) return true;
    connection.remove_prefix(std::min(end + 1, connection.size()));
  }
  return false;
}

asio::awaitable<void> pass_on(Exchange& exchange, const Passage& passage) {
  using namespace asio::experimental::awaitable_operators;
  Flight flight(exchange, passage, co_await asio::this_coro::executor);
  struct Unhook {
    ExchangeConnection& connection;
    ~Unhook() { connection.on_abort(nullptr); }
  } unhook{exchange.connection};
  exchange.connection.on_abort([&flight] { flight.abort(); });
  co_await (flight.run() || flight.watch());
  flight.check();
  if (flight.upgraded()) co_await flight.pipe_on();
}

}  // namespace clary::http
