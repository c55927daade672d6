// Requests passed on to another server on a Unix-domain socket, as browsers' come to notebooks.
#include "http/passage.h"

#include <gtest/gtest.h>
#include <sys/un.h>

#include <boost/asio/steady_timer.hpp>
#include <filesystem>

#include "http/raw_client_test_support.h"

namespace clary::http {
namespace {

namespace asio = boost::asio;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::size_t kLarge = 20 << 20;
const std::string kUpgrade =
    "GET /echo HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";

asio::awaitable<void> echo(ByteStream& stream) {
  std::vector<char> piece(5000);
  while (const std::size_t bytes = co_await stream.read_some(piece)) {
    co_await stream.write({piece.data(), bytes});
  }
  co_await stream.write("bye");
  co_await stream.end();
}

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

class PassageTest : public testing::Test {
 protected:
  PassageTest() {
    ServerOptions options;
    options.unix_path = path_;
    behind_ =
        std::make_unique<Server>(options, [this](Exchange& exchange) { return answer(exchange); });
    behind_->start();
    ServerOptions front;
    front.limits.body_timeout = seconds(2);
    front_ = std::make_unique<Server>(front, [this](Exchange& exchange) { return pass(exchange); });
    front_->start();
  }

  asio::awaitable<void> pass(Exchange& exchange) {
    Passage passage{.address = {.host = "h", .port = 0, .unix_path = path_},
                    .target = exchange.request.path,
                    .headers = {{"Host", "h"}},
                    .upgrade = "websocket",
                    .idle = idle_,
                    .piped = {.idle = piped_}};
    passage.edit = [](ResponseHead& head) { head.headers.emplace_back("X-Seen", "yes"); };
    std::string fault;
    try {
      co_await pass_on(exchange, passage);
    } catch (const ClientError& error) {
      fault = error.what();
    }
    if (!fault.empty()) {
      co_await exchange.response.send({.status = 502, .headers = {}, .content_length = {}}, fault);
    }
    ++passed_;
  }

  asio::awaitable<void> answer(Exchange& exchange) {
    const std::string& path = exchange.request.path;
    if (path == "/echo" && exchange.connection.offers_upgrade()) {
      co_await echo(*co_await exchange.connection.upgrade({{"Upgrade", "websocket"}}));
    } else if (path == "/flood") {
      co_await flood(*co_await exchange.connection.upgrade({{"Upgrade", "websocket"}}));
    } else if (path == "/refuse") {
      co_await exchange.response.send({.status = 403, .headers = {}, .content_length = {}}, "no");
    } else if (path == "/large" || path == "/chunked") {
      ResponseHead head;
      if (path == "/large") head.content_length = kLarge;
      co_await exchange.response.start(head);
      const std::string piece(kLarge / 20, 'x');
      for (int i = 0; i < 20; ++i) co_await exchange.response.write(as_bytes(piece));
      co_await exchange.response.finish();
    } else if (path == "/never") {
      waiting_ = true;
      asio::steady_timer timer(co_await asio::this_coro::executor, seconds(600));
      exchange.connection.on_abort([&timer] { timer.cancel(); });
      boost::system::error_code ignored;
      co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    } else {
      std::vector<std::byte> piece(65536);
      std::uint64_t total = 0;
      while (const auto bytes = co_await exchange.body.read_some(piece)) total += bytes;
      co_await exchange.response.send({},
                                      exchange.request.method + " " + std::to_string(total) + "\n");
    }
  }

  asio::awaitable<void> flood(ByteStream& stream) {
    const std::string piece(65536, 'f');
    for (std::size_t sent = 0; sent < kLarge; sent += piece.size()) {
      co_await stream.write(piece);
      flooded_ += piece.size();
    }
    co_await stream.end();
  }

  const std::string path_ =
      std::filesystem::temp_directory_path() / ("clary_passage_test_" + std::to_string(::getpid()));
  std::atomic<milliseconds> idle_{seconds(60)}, piped_{seconds(60)};
  std::atomic<bool> waiting_ = false;
  std::atomic<int> passed_ = 0;
  std::atomic<std::size_t> flooded_ = 0;
  std::unique_ptr<Server> behind_, front_;
};

TEST_F(PassageTest, StreamsLargeBodiesBothWays) {
  BlockingClient client({.host = "127.0.0.1", .port = front_->port(), .unix_path = {}});
  const std::string body(kLarge, 'u');
  EXPECT_EQ(
      client.send({.method = "PUT", .target = "/count", .headers = {}, .body = body}, seconds(20))
          .body,
      "PUT " + std::to_string(kLarge) + "\n");
  for (const std::string target : {"/large", "/chunked"}) {
    const auto answer =
        client.send({.method = "GET", .target = target, .headers = {}, .body = {}}, seconds(20));
    EXPECT_EQ(answer.body.size(), kLarge);
    EXPECT_EQ(answer.headers.get("X-Seen"), "yes");
  }
  EXPECT_EQ(front_->open_connections(), 1U);
}

TEST_F(PassageTest, KeepsTheFramingOfRequests) {
  RawClient client(front_->port());
  client.send("PUT /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
  client.send("2\r\nde\r\n0\r\n\r\nHEAD /b HTTP/1.1\r\nHost: h\r\n\r\n");
  const std::string answers = client.read_until("Content-Length: 7\r\n", seconds(10));
  EXPECT_TRUE(has(answers, "PUT 5\n")) << answers;
  client.send("POST /c HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
  EXPECT_TRUE(client.read_all().ends_with("POST 0\n"));
}

TEST_F(PassageTest, ARefusalBeforeTheWholeBodyIsHeard) {
  RawClient client(front_->port());
  client.send("PUT /refuse HTTP/1.1\r\nHost: h\r\nContent-Length: 999999999\r\n\r\nsome");
  EXPECT_TRUE(client.read_until("no", seconds(10)).starts_with("HTTP/1.1 403 "));
}

TEST_F(PassageTest, AClientThatStopsSendingIsNotAnsweredForTheServer) {
  RawClient client(front_->port());
  client.send("PUT /count HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nabc");
  EXPECT_TRUE(client.read_all().starts_with("HTTP/1.1 408 "));
}

TEST_F(PassageTest, AServerThatIsNotThereOrNeverAnswersIsSaid) {
  idle_ = milliseconds(300);
  RawClient client(front_->port());
  client.send("GET /never HTTP/1.1\r\nHost: h\r\n\r\n");
  const std::string late = client.read_until("in time", seconds(10));
  EXPECT_TRUE(late.starts_with("HTTP/1.1 502 ")) << late;
  behind_.reset();
  client.send("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  EXPECT_TRUE(has(client.read_all(), "cannot connect"));
}

TEST_F(PassageTest, PipesAnUpgradedConnectionToItsEnd) {
  RawClient client(front_->port());
  client.send(kUpgrade + "sent with the head ");  // nothing of it is lost
  const std::string first = client.read_until("with the head ", seconds(10));
  EXPECT_TRUE(first.starts_with("HTTP/1.1 101 Switching Protocols\r\n")) << first;
  EXPECT_TRUE(has(first, "\r\nUpgrade: websocket\r\n"));
  EXPECT_TRUE(has(first, "\r\nConnection: Upgrade\r\n"));
  client.send("and after");
  EXPECT_EQ(client.read_until("after", seconds(10)), "and after");
  client.end_sending();  // the other way stays open
  EXPECT_EQ(client.read_all(), "bye");
  EXPECT_TRUE(client.closed());
}

TEST_F(PassageTest, ARefusedUpgradeIsAnOrdinaryAnswer) {
  RawClient client(front_->port());
  client.send(
      "GET /refuse HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
  EXPECT_TRUE(client.read_until("no", seconds(10)).starts_with("HTTP/1.1 403 "));
  client.send("GET /next HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  EXPECT_TRUE(client.read_all().ends_with("GET 0\n"));
}

TEST_F(PassageTest, AnUpgradeNeedsItsFieldsAndNoBody) {
  for (const std::string request :
       {"GET /echo HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\n\r\n",
        "GET /echo HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\n\r\n",
        "POST /echo HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        "Content-Length: 1\r\n\r\nx",
        "GET /echo HTTP/1.0\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"}) {
    RawClient client(front_->port());
    client.send(request);
    EXPECT_TRUE(client.read_until("\n\n", milliseconds(200)).starts_with("HTTP/1.1 200 "))
        << request;
  }
}

TEST_F(PassageTest, WhatNobodyReadsIsNotHeld) {
  RawClient client(front_->port());
  client.send(
      "GET /flood HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
  client.read_until("\r\n\r\n", seconds(10));
  std::size_t before = 0;
  do {  // until it stands still
    before = flooded_;
    std::this_thread::sleep_for(milliseconds(300));
  } while (before != flooded_);
  EXPECT_LT(flooded_, kLarge);
  client.read_all();
  EXPECT_EQ(flooded_, kLarge);
}

TEST_F(PassageTest, AnIdlePipeIsBrokenOff) {
  piped_ = milliseconds(200);
  RawClient client(front_->port());
  client.send(kUpgrade);
  client.read_all();
  EXPECT_TRUE(client.closed());
}

TEST_F(PassageTest, StoppingWaitsForNoUpgradedConnection) {
  RawClient client(front_->port());
  client.send(kUpgrade + "x");
  client.read_until("\r\n\r\nx", seconds(10));
  const auto start = std::chrono::steady_clock::now();
  front_->stop(seconds(300));
  EXPECT_LT(std::chrono::steady_clock::now() - start, seconds(100));
  EXPECT_EQ(passed_, 1);
  client.read_all();
  EXPECT_TRUE(client.closed());
}

TEST_F(PassageTest, StoppingAfterTheGraceBreaksOffWhoWaitsForTheServer) {
  RawClient client(front_->port());
  client.send("GET /never HTTP/1.1\r\nHost: h\r\n\r\n");
  while (!waiting_) std::this_thread::yield();
  front_->stop(milliseconds(100));
  EXPECT_EQ(passed_, 0);  // its handler ended with the client's connection
  EXPECT_EQ(front_->open_connections(), 0U);
}

// One answer's bytes, whatever the server behind says: it may be anybody's program.
class ServerOfBytes {
 public:
  ServerOfBytes(const std::string& path, std::string answer) : answer_(std::move(answer)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    ::unlink(path.c_str());
    listener_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    EXPECT_EQ(::bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(::listen(listener_, 8), 0);
    thread_ = std::thread([this] { serve(); });
  }
  ~ServerOfBytes() {
    ::shutdown(listener_, SHUT_RDWR);
    thread_.join();
    ::close(listener_);
  }
  ServerOfBytes(const ServerOfBytes&) = delete;
  ServerOfBytes& operator=(const ServerOfBytes&) = delete;

 private:
  void serve() {
    while (true) {
      const int file = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (file < 0) return;
      std::string head;
      char byte = 0;
      while (!head.ends_with("\r\n\r\n") && ::recv(file, &byte, 1, 0) == 1) head += byte;
      EXPECT_GT(::send(file, answer_.data(), answer_.size(), MSG_NOSIGNAL), 0);
      ::close(file);
    }
  }
  std::string answer_;
  int listener_ = -1;
  std::thread thread_;
};

struct OddAnswer {
  std::string sent, seen;
};

class OddAnswers : public PassageTest, public testing::WithParamInterface<OddAnswer> {};

TEST_P(OddAnswers, ArePassedOnOrRefused) {
  behind_.reset();
  const ServerOfBytes server(path_, GetParam().sent);
  RawClient client(front_->port());
  client.send(
      "GET /odd HTTP/1.1\r\nHost: h\r\nConnection: close, Upgrade\r\nUpgrade: websocket\r\n\r\n");
  const std::string seen = client.read_all();
  EXPECT_TRUE(has(seen, GetParam().seen)) << seen;
  EXPECT_TRUE(client.closed());
}

INSTANTIATE_TEST_SUITE_P(
    All, OddAnswers,
    testing::Values(
        OddAnswer{"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\nat once",
                  "\r\n\r\nat once"},
        OddAnswer{"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
                  "\r\n\r\nok"},
        OddAnswer{"HTTP/1.1 200 OK\r\n\r\nuntil the end", "until the end"},
        OddAnswer{"HTTP/1.1 304 Not Modified\r\nETag: e\r\n\r\n", "HTTP/1.1 304 "},
        OddAnswer{"HTTP/1.1 200 OK\r\nConnection: X-Mine\r\nX-Mine: a\r\nX-Yours: b\r\n"
                  "Content-Length: 0\r\n\r\n",
                  "X-Yours: b\r\nX-Seen"},
        OddAnswer{"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\n\r\nsmuggled",
                  "\r\n\r\nok"},
        OddAnswer{"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 9\r\n\r\nok", " 502 "},
        OddAnswer{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", " 502 "},
        OddAnswer{"no HTTP\r\n\r\n", " 502 "}, OddAnswer{"HTTP/1.1 200 OK\r\n", " 502 "}));

}  // namespace
}  // namespace clary::http
