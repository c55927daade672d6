#include "http/server.h"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <system_error>

#include "http/client.h"
#include "http/raw_client_test_support.h"

namespace clary::http {
namespace {

namespace asio = boost::asio;
using std::chrono::milliseconds;
using std::chrono::seconds;

asio::awaitable<std::string> read_whole(BodyReader& body) {
  std::string text;
  std::array<std::byte, 1000> piece;
  while (const auto bytes = co_await body.read_some(piece)) {
    text.append(reinterpret_cast<const char*>(piece.data()), bytes);
  }
  co_return text;
}

// Answers what each test needs, by path.
asio::awaitable<void> handle(Exchange& exchange) {
  const std::string& path = exchange.request.path;
  auto& response = exchange.response;
  if (path == "/unread") {
    co_await response.send({.status = 403, .headers = {}, .content_length = {}}, "no");
  } else if (path == "/throw") {
    throw std::runtime_error("on purpose");
  } else if (path == "/stream") {
    co_await response.start({});
    for (int i = 0; i < 3; ++i) {
      const std::string piece(10000, static_cast<char>('a' + i));
      co_await response.write(as_bytes(piece));
    }
    co_await response.finish();
  } else if (path == "/short") {
    co_await response.start({.status = 200, .headers = {}, .content_length = 10});
    co_await response.write(as_bytes("abc"));
    co_await response.finish();
  } else if (path == "/header") {
    co_await response.send(
        {.status = 200, .headers = {{"X-A", "b\r\nX-C: d"}}, .content_length = {}}, "");
  } else {
    std::string answer = exchange.request.method + " " + path + "?" + exchange.request.query + " ";
    answer += co_await read_whole(exchange.body);
    if (const Headers* trailers = exchange.body.trailers()) answer += trailers->get("x-trailer");
    co_await response.send({}, std::move(answer));
  }
}

ServerOptions quick_limits() {
  ServerOptions options;
  options.threads = 2;
  options.limits.header_bytes = 8192;
  options.limits.header_timeout = seconds(1);
  options.limits.body_timeout = seconds(1);
  options.limits.idle_timeout = seconds(2);
  return options;
}

class ServerTest : public testing::Test {
 protected:
  ServerTest() : server_(quick_limits(), handle) { server_.start(); }
  Server server_;
};

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

TEST_F(ServerTest, AnswersAndKeepsTheConnection) {
  RawClient client(server_.port());
  for (int i = 0; i < 3; ++i) {
    client.send("GET /a?b=c HTTP/1.1\r\nHost: x\r\n\r\n");
    const std::string answer = client.read_until("GET /a?b=c ", seconds(5));
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 OK\r\n")) << answer;
    EXPECT_TRUE(has(answer, "\r\nDate: "));
    EXPECT_TRUE(has(answer, "\r\nx-amzn-RequestId: "));
  }
  EXPECT_EQ(server_.requests_by_class()[2], 3U);
}

TEST_F(ServerTest, AnswersPipelinedRequestsInOrder) {
  RawClient client(server_.port());
  client.send(
      "POST /1 HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nab"
      "GET /2 HTTP/1.1\r\nHost: x\r\n\r\n"
      "GET /3 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  const std::string all = client.read_all();
  EXPECT_LT(all.find("POST /1? ab"), all.find("GET /2? "));
  EXPECT_LT(all.find("GET /2? "), all.find("GET /3? "));
  EXPECT_TRUE(client.closed());
}

TEST_F(ServerTest, ReadsChunkedBodies) {
  RawClient client(server_.port());
  client.send("PUT /c HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3;e=1\r\nabc\r\n");
  client.send("2\r\nde\r\n0\r\nX-Trailer: y\r\n\r\nGET /n HTTP/1.1\r\nHost: x\r\n\r\n");
  const std::string answers = client.read_until("GET /n? ", seconds(5));
  EXPECT_TRUE(has(answers, "PUT /c? abcdey")) << answers;
}

TEST_F(ServerTest, RefusesBadChunks) {
  RawClient client(server_.port());
  client.send("PUT /c HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n");
  EXPECT_TRUE(client.read_all().starts_with("HTTP/1.1 400 "));
}

TEST_F(ServerTest, RefusesLengthBesideChunks) {
  RawClient client(server_.port());
  client.send(
      "PUT /c HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n");
  EXPECT_TRUE(client.read_all().starts_with("HTTP/1.1 400 "));
}

TEST_F(ServerTest, RefusesHugeHeads) {
  RawClient client(server_.port());
  client.send("GET / HTTP/1.1\r\nHost: x\r\nX: " + std::string(9000, 'a'));
  EXPECT_TRUE(client.read_all().starts_with("HTTP/1.1 431 "));
}

TEST_F(ServerTest, RefusesManySmallHeaderFields) {
  RawClient client(server_.port());
  client.send("GET / HTTP/1.1\r\nHost: x\r\n");
  bool open = true;
  for (int i = 0; i < 2000 && open; ++i) open = client.send("A: b\r\n");
  EXPECT_TRUE(client.read_all().starts_with("HTTP/1.1 431 "));
}

TEST_F(ServerTest, RefusesGarbageAndMissingHost) {
  RawClient garbage(server_.port());
  garbage.send("\x01\x02\x03 nonsense\r\n\r\n");
  EXPECT_TRUE(garbage.read_all().starts_with("HTTP/1.1 400 "));
  RawClient hostless(server_.port());
  hostless.send("GET / HTTP/1.1\r\n\r\n");
  EXPECT_TRUE(hostless.read_all().starts_with("HTTP/1.1 400 "));
}

TEST_F(ServerTest, EndsSlowHeads) {
  RawClient client(server_.port());
  const auto start = std::chrono::steady_clock::now();
  client.send("GET / HTTP/1.1\r\nHost: x\r\n");
  std::string answer;
  // A byte now and then does not extend the deadline.
  while (answer.empty() && std::chrono::steady_clock::now() - start < seconds(8)) {
    client.send("A");
    answer = client.read_until("\r\n\r\n", milliseconds(100));
  }
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 408 ")) << answer;
  EXPECT_LT(std::chrono::steady_clock::now() - start, seconds(4));
}

TEST_F(ServerTest, EndsBodiesThatStopComing) {
  RawClient client(server_.port());
  client.send("PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc");
  EXPECT_TRUE(client.read_all().starts_with("HTTP/1.1 408 "));
}

TEST_F(ServerTest, AnswersBodiesCutShort) {
  RawClient client(server_.port());
  client.send("PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc");
  client.end_sending();
  EXPECT_TRUE(client.read_all().starts_with("HTTP/1.1 400 "));
}

TEST_F(ServerTest, AnswersHalfClosedClients) {
  RawClient client(server_.port());
  client.send("GET /half HTTP/1.1\r\nHost: x\r\n\r\n");
  client.end_sending();
  EXPECT_TRUE(has(client.read_all(), "GET /half"));
  EXPECT_TRUE(client.closed());
}

TEST_F(ServerTest, ContinuesOnlyWhenTheBodyIsRead) {
  RawClient refused(server_.port());
  refused.send(
      "PUT /unread HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n");
  const std::string answer = refused.read_all();
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 403 "));
  // Else the client would send its next request to a connection that closes.
  EXPECT_TRUE(has(answer, "Connection: close"));

  RawClient taken(server_.port());
  taken.send("PUT /read HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(taken.read_until("\r\n\r\n", seconds(5)), "HTTP/1.1 100 Continue\r\n\r\n");
  taken.send("hello");
  EXPECT_TRUE(has(taken.read_until("hello", seconds(5)), "PUT /read? hello"));
}

TEST_F(ServerTest, DrainsSmallUnreadBodiesAndClosesOnLargeOnes) {
  RawClient small(server_.port());
  small.send("PUT /unread HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello");
  small.send("GET /next HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_TRUE(has(small.read_until("GET /next", seconds(5)), "403"));

  RawClient large(server_.port());
  large.send("PUT /unread HTTP/1.1\r\nHost: x\r\nContent-Length: 999999999\r\n\r\nhello");
  const std::string answer = large.read_all();
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 403 "));
  EXPECT_TRUE(has(answer, "Connection: close"));
  EXPECT_TRUE(large.closed());
}

TEST_F(ServerTest, StreamsInChunksAndUntilCloseForOldClients) {
  RawClient client(server_.port());
  client.send("GET /stream HTTP/1.1\r\nHost: x\r\n\r\n");
  const std::string chunked = client.read_until("0\r\n\r\n", seconds(5));
  EXPECT_TRUE(has(chunked, "Transfer-Encoding: chunked"));
  EXPECT_TRUE(has(chunked, "\r\n2710\r\naaa"));
  RawClient old(server_.port());
  old.send("GET /stream HTTP/1.0\r\n\r\n");
  const std::string plain = old.read_all();
  EXPECT_FALSE(has(plain, "chunked"));
  EXPECT_EQ(plain.size() - plain.find("\r\n\r\n") - 4, 30000U);
}

TEST_F(ServerTest, ClosesWhenAResponseIsShorterThanAnnounced) {
  RawClient client(server_.port());
  client.send("GET /short HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_TRUE(client.read_all().ends_with("abc"));
  EXPECT_TRUE(client.closed());
}

TEST_F(ServerTest, AnswersHeadWithoutABody) {
  RawClient client(server_.port());
  client.send("HEAD /h HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  const std::string answer = client.read_all();
  EXPECT_TRUE(has(answer, "Content-Length: 9\r\n")) << answer;
  EXPECT_TRUE(answer.ends_with("\r\n\r\n"));
}

TEST_F(ServerTest, HandlerFailuresAre500AndHeadersCannotBeInjected) {
  RawClient client(server_.port());
  client.send("GET /throw HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_TRUE(client.read_until("failure\n", seconds(5)).starts_with("HTTP/1.1 500 "));
  client.send("GET /header HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_TRUE(has(client.read_until("\r\n\r\n", seconds(5)), "X-A: b  X-C: d\r\n"));
}

TEST_F(ServerTest, TakesTheHostOfAnAbsoluteTarget) {
  RawClient client(server_.port());
  client.send("GET http://other:1/p?q HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_TRUE(has(client.read_all(), "GET /p?q "));
}

TEST_F(ServerTest, RefusesConnectUnlessAsked) {
  RawClient client(server_.port());
  client.send("CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\n\r\n");
  EXPECT_TRUE(client.read_all().starts_with("HTTP/1.1 403 "));
}

TEST_F(ServerTest, ASecondServerOnThePortFails) {
  ServerOptions options;
  options.port = server_.port();
  EXPECT_THROW(Server(options, handle), std::system_error);
}

TEST(Server, RefusesMoreConnectionsThanItsLimit) {
  ServerOptions options = quick_limits();
  options.limits.connections = 2;
  Server server(options, handle);
  server.start();
  RawClient first(server.port());
  RawClient second(server.port());
  first.send("GET /1 HTTP/1.1\r\nHost: x\r\n\r\n");
  second.send("GET /2 HTTP/1.1\r\nHost: x\r\n\r\n");
  first.read_until("GET /1", seconds(5));
  second.read_until("GET /2", seconds(5));
  RawClient third(server.port());
  EXPECT_TRUE(third.read_all().starts_with("HTTP/1.1 503 "));
}

TEST(Server, StopsAfterTheRequestUnderWay) {
  std::atomic<bool> entered = false;
  Server server(quick_limits(), [&entered](Exchange& exchange) -> asio::awaitable<void> {
    entered = true;
    asio::steady_timer timer(co_await asio::this_coro::executor);
    timer.expires_after(milliseconds(300));
    co_await timer.async_wait(asio::use_awaitable);
    co_await exchange.response.send({}, "finished");
  });
  server.start();
  RawClient idle(server.port());
  RawClient busy(server.port());
  busy.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  while (!entered) std::this_thread::yield();
  server.stop(seconds(10));
  const std::string answer = busy.read_all();
  EXPECT_TRUE(has(answer, "finished"));
  EXPECT_TRUE(has(answer, "Connection: close"));
  EXPECT_EQ(idle.read_all(), "");
  EXPECT_FALSE(RawClient(server.port()).connected());
}

TEST(Server, SendsFiles) {
  const auto path =
      std::filesystem::temp_directory_path() / ("clary_http_test_" + std::to_string(::getpid()));
  std::string content(3 << 20, 'x');
  content.front() = 'F';
  content.back() = 'L';
  const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  ASSERT_EQ(::write(file, content.data(), content.size()), static_cast<ssize_t>(content.size()));
  std::filesystem::remove(path);
  Server server(quick_limits(), [&](Exchange& exchange) -> asio::awaitable<void> {
    co_await exchange.response.start(
        {.status = 200, .headers = {}, .content_length = content.size()});
    co_await exchange.response.write_file(file, 0, content.size());
    co_await exchange.response.finish();
  });
  server.start();
  BlockingClient client({.host = "127.0.0.1", .port = server.port(), .unix_path = {}});
  EXPECT_EQ(client.send({}, seconds(10)).body, content);
  ::close(file);
}

}  // namespace
}  // namespace clary::http
