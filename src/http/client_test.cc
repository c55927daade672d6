#include "http/client.h"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_future.hpp>
#include <filesystem>

#include "http/raw_client_test_support.h"
#include "http/server.h"

namespace clary::http {
namespace {

namespace asio = boost::asio;
using std::chrono::milliseconds;
using std::chrono::seconds;

asio::awaitable<void> echo(Exchange& exchange) {
  if (exchange.request.path == "/slow") {
    asio::steady_timer timer(co_await asio::this_coro::executor);
    timer.expires_after(milliseconds(1500));
    co_await timer.async_wait(asio::use_awaitable);
    co_await exchange.response.send({}, "late");
    co_return;
  }
  if (exchange.request.path == "/refuse") {
    co_await exchange.response.send({.status = 403, .headers = {}, .content_length = {}}, "no");
    co_return;
  }
  if (exchange.request.path == "/count") {
    std::vector<std::byte> piece(65536);
    std::uint64_t total = 0;
    while (const auto bytes = co_await exchange.body.read_some(piece)) total += bytes;
    co_await exchange.response.send({}, std::to_string(total));
    co_return;
  }
  std::string body;
  std::vector<std::byte> piece(65536);
  while (const auto bytes = co_await exchange.body.read_some(piece)) {
    body.append(reinterpret_cast<const char*>(piece.data()), bytes);
  }
  ResponseHead head;
  head.headers.emplace_back("X-Path", exchange.request.path);
  co_await exchange.response.start(head);
  co_await exchange.response.write(std::as_bytes(std::span(body)));
  co_await exchange.response.finish();
}

// A server on a Unix-domain socket, as model servers are.
class ClientTest : public testing::Test {
 protected:
  ClientTest() { restart(); }
  void restart() {
    server_.reset();
    ServerOptions options;
    options.unix_path = path_;
    server_ = std::make_unique<Server>(options, echo);
    server_->start();
  }
  ClientResponse send(ClientPool& pool, const ClientRequest& request,
                      milliseconds timeout = seconds(10), std::size_t max = 64 << 20) {
    auto future = asio::co_spawn(io_, pool.send(address_, request, timeout, max), asio::use_future);
    io_.restart();
    while (future.wait_for(seconds(0)) != std::future_status::ready) io_.run_one();
    return future.get();
  }
  const std::string path_ =
      std::filesystem::temp_directory_path() / ("clary_client_test_" + std::to_string(::getpid()));
  const Address address_{.host = "model", .port = 0, .unix_path = path_};
  asio::io_context io_{1};
  std::unique_ptr<Server> server_;
};

TEST_F(ClientTest, SendsAndReceivesOverOneConnection) {
  ClientPool pool(io_.get_executor());
  for (int i = 0; i < 5; ++i) {
    const std::string body(static_cast<std::size_t>(i) * 100000, 'b');
    const auto response =
        send(pool, {.method = "POST", .target = "/p", .headers = {{"A", "b"}}, .body = body});
    EXPECT_EQ(response.status, 200U);
    EXPECT_EQ(response.headers.get("x-path"), "/p");
    EXPECT_EQ(response.body, body);
  }
  EXPECT_EQ(server_->open_connections(), 1U);
}

TEST_F(ClientTest, TriesAgainWhenAKeptConnectionDied) {
  ClientPool pool(io_.get_executor());
  EXPECT_EQ(send(pool, {}).status, 200U);
  restart();
  EXPECT_EQ(send(pool, {}).status, 200U);
}

TEST_F(ClientTest, TimesOutAndRefusesLargeAnswers) {
  ClientPool pool(io_.get_executor());
  try {
    send(pool, {.method = "GET", .target = "/slow", .headers = {}, .body = {}}, milliseconds(300));
    FAIL();
  } catch (const ClientError& error) {
    EXPECT_EQ(error.kind(), ClientError::Kind::kTimeout);
  }
  try {
    const std::string body(2000, 'x');
    send(pool, {.method = "POST", .target = "/", .headers = {}, .body = body}, seconds(5), 1000);
    FAIL();
  } catch (const ClientError& error) {
    EXPECT_EQ(error.kind(), ClientError::Kind::kTooLarge);
  }
}

TEST_F(ClientTest, SaysWhenNobodyListens) {
  ClientPool pool(io_.get_executor());
  server_.reset();
  try {
    send(pool, {});
    FAIL();
  } catch (const ClientError& error) {
    EXPECT_EQ(error.kind(), ClientError::Kind::kConnect);
  }
}

TEST_F(ClientTest, HandsPiecesOnAsTheyCome) {
  ClientPool pool(io_.get_executor());
  std::string received;
  const ClientPool::TakePiece take = [&](const ClientResponse& head,
                                         std::string_view piece) -> asio::awaitable<void> {
    EXPECT_EQ(head.headers.get("x-path"), "/p");
    received += piece;
    co_return;
  };
  const auto stream = [&](const ClientRequest& request) {
    auto future =
        asio::co_spawn(io_, pool.stream(address_, request, seconds(5), take), asio::use_future);
    io_.restart();
    while (future.wait_for(seconds(0)) != std::future_status::ready) io_.run_one();
    return future.get();
  };
  const std::string body(300000, 's');
  const ClientRequest echoed{.method = "POST", .target = "/p", .headers = {}, .body = body};
  EXPECT_EQ(stream(echoed).status, 200U);
  EXPECT_EQ(received, body);
  const ClientRequest refused{.method = "GET", .target = "/refuse", .headers = {}, .body = {}};
  EXPECT_EQ(stream(refused).body, "no");
  EXPECT_EQ(received, body);
}

TEST_F(ClientTest, BlockingStreamsBothWays) {
  BlockingClient client(address_);
  constexpr std::uint64_t kTotal = 50 << 20;
  std::uint64_t given = 0;
  BlockingClient::Streams up;
  up.source_length = kTotal;
  up.source = [&](std::span<char> room) {
    std::fill(room.begin(), room.end(), 'z');
    given += room.size();
    return room.size();
  };
  const ClientRequest count{.method = "PUT", .target = "/count", .headers = {}, .body = {}};
  EXPECT_EQ(client.send(count, seconds(10), up).body, std::to_string(kTotal));
  EXPECT_EQ(given, kTotal);

  std::string received;
  BlockingClient::Streams down;
  down.sink = [&](std::string_view piece) { received += piece; };
  const std::string body(300000, 'q');
  const ClientRequest back{.method = "POST", .target = "/", .headers = {}, .body = body};
  EXPECT_TRUE(client.send(back, seconds(10), down).body.empty());
  EXPECT_EQ(received, body);
  // A refusal is an answer, not a download.
  const ClientRequest refused{.method = "GET", .target = "/refuse", .headers = {}, .body = {}};
  received.clear();
  EXPECT_EQ(client.send(refused, seconds(10), down).body, "no");
  EXPECT_EQ(received, "");
}

TEST_F(ClientTest, BlockingReconnectsAfterARestart) {
  BlockingClient client(address_);
  EXPECT_EQ(client.send({}, seconds(5)).status, 200U);
  restart();
  EXPECT_EQ(client.send({}, seconds(5)).status, 200U);
}

}  // namespace
}  // namespace clary::http
