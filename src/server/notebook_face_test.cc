// Browsers at the door of a notebook, whose server here answers what it was sent.
#include "server/notebook_face.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "http/client.h"
#include "http/raw_client_test_support.h"
#include "keys/keys_fixture.h"
#include "server/cookies.h"

namespace clary::server {
namespace {

namespace asio = boost::asio;
using http::RawClient;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

const engine::NotebookName kMine{.account = "111122223333", .region = "us-east-1", .name = "mine"};
const engine::NotebookName kOther{
    .account = "111122223333", .region = "us-east-1", .name = "other"};
const std::string kBase = "/111122223333/us-east-1/mine";
const std::string kAnn = "arn:aws:iam::111122223333:user/ann";
const std::string kWebSocket = "Connection: Upgrade\r\nUpgrade: websocket\r\n";

// Says what came: the head for GET, the body's length for PUT; echoes upgraded connections.
asio::awaitable<void> jupyter(http::Exchange& exchange) {
  if (exchange.connection.offers_upgrade()) {
    http::ByteStream* stream = co_await exchange.connection.upgrade({{"Upgrade", "websocket"}});
    std::vector<char> piece(1000);
    while (const std::size_t bytes = co_await stream->read_some(piece)) {
      co_await stream->write({piece.data(), bytes});
    }
    co_return;
  }
  std::string said =
      exchange.request.method + " " + exchange.request.path + "?" + exchange.request.query + "\n";
  for (const auto& [name, value] : exchange.request.headers) said += name + "=" + value + "\n";
  std::vector<std::byte> piece(65536);
  std::uint64_t total = 0;
  while (const auto bytes = co_await exchange.body.read_some(piece)) total += bytes;
  co_await exchange.response.send({.status = 200,
                                   .headers = {{"Content-Type", "text/html"},
                                               {"Set-Cookie", "clary_notebook=theirs; Path=/"},
                                               {"Set-Cookie", "_xsrf=1; Path=" + kBase}},
                                   .content_length = {}},
                                  said + std::to_string(total));
}

class NotebookFaceTest : public testing::Test {
 protected:
  NotebookFaceTest() : sessions_(routes_, sealer_, clock_), face_(parts()) {
    http::ServerOptions options;
    options.unix_path = path_;
    jupyter_ = std::make_unique<http::Server>(options, jupyter);
    jupyter_->start();
    front_ = std::make_unique<http::Server>(
        http::ServerOptions(), [this](http::Exchange& exchange) { return face_.handle(exchange); });
    host_ = "127.0.0.1:" + std::to_string(front_->port());
    sessions_.serve_at("http://notebooks.example:88");
    front_->start();
    routes_.publish(kMine, {.unix_path = path_, .token = "start-1"});
    routes_.publish(kOther, {.unix_path = path_, .token = "start-1"});
  }
  ~NotebookFaceTest() override {
    front_->stop(std::chrono::milliseconds(0));
    jupyter_->stop(std::chrono::milliseconds(0));
  }
  NotebookFaceParts parts() {
    return {.routes = routes_,
            .sessions = sessions_,
            .clock = clock_,
            .record = [this](const RequestHead&, std::string_view, audit::Event event) {
              const std::lock_guard lock(mutex_);
              events_.push_back(std::move(event));
            }};
  }

  using Fields = std::vector<std::pair<std::string, std::string>>;
  http::ClientResponse send(const std::string& target, Fields fields = {},
                            const std::string& method = "GET", const std::string& body = "") {
    if (std::ranges::none_of(fields, [](const auto& f) { return f.first == "Host"; })) {
      fields.emplace_back("Host", host_);
    }
    http::BlockingClient client({.host = "127.0.0.1", .port = front_->port(), .unix_path = {}});
    return client.send({.method = method, .target = target, .headers = fields, .body = body},
                       seconds(10));
  }
  // Path and query of an authorized URL.
  std::string opening(const engine::NotebookName& notebook = kMine, seconds session = hours(1)) {
    const std::string url = sessions_.authorized_url(notebook, session, kAnn);
    return url.substr(url.find('/', url.find("://") + 3));
  }
  // The cookie's name and value, as a browser sends them.
  std::string cookie(const engine::NotebookName& notebook = kMine, seconds session = hours(1)) {
    const auto opened = send(opening(notebook, session));
    EXPECT_EQ(opened.status, 302U);
    const std::string_view set = opened.headers.get("Set-Cookie");
    return std::string(set.substr(0, set.find(';')));
  }
  unsigned status(const std::string& target, const Fields& fields,
                  const std::string& method = "GET") {
    return send(target, fields, method).status;
  }

  const std::string path_ = std::filesystem::temp_directory_path() /
                            ("clary_notebook_test_" + std::to_string(::getpid()));
  ManualClock clock_{Timestamp(std::chrono::milliseconds(1'700'000'000'000))};
  keys::TestSealer sealer_;
  engine::NotebookRoutes routes_;
  std::mutex mutex_;
  std::vector<audit::Event> events_;
  NotebookSessions sessions_;
  NotebookFace face_;
  std::string host_;
  std::unique_ptr<http::Server> jupyter_, front_;
};

TEST_F(NotebookFaceTest, ALinkOpensASessionOfItsNotebookOnly) {
  const auto opened = send(opening());
  ASSERT_EQ(opened.status, 302U);
  EXPECT_EQ(opened.headers.get("Location"), kBase + "/lab");
  EXPECT_EQ(opened.headers.get("Referrer-Policy"), "no-referrer");
  const std::string set(opened.headers.get("Set-Cookie"));
  EXPECT_TRUE(set.starts_with("clary_notebook_" + std::to_string(front_->port()) + "=")) << set;
  EXPECT_TRUE(set.ends_with("; Path=" + kBase + "; HttpOnly; SameSite=Lax; Max-Age=3600")) << set;

  const Fields fields{{"Cookie", set.substr(0, set.find(';'))}};
  EXPECT_EQ(status(kBase + "/lab", fields), 200U);
  EXPECT_EQ(status(kBase, fields), 200U);
  EXPECT_EQ(status("/111122223333/us-east-1/other/lab", fields), 403U);
  EXPECT_EQ(status(kBase + "/lab", {}), 403U);
  ASSERT_EQ(events_.size(), 1U);  // the opening alone
  EXPECT_EQ(events_[0].name, "OpenNotebookInstanceSession");
  EXPECT_EQ(events_[0].identity->user_name, "ann");
  EXPECT_EQ(events_[0].resources.at(0).arn,
            "arn:aws:sagemaker:us-east-1:111122223333:notebook-instance/mine");
}

TEST_F(NotebookFaceTest, LinksEndAfterFiveMinutesAndSessionsWhenTheyShould) {
  const std::string link = opening();
  const Fields fields{{"Cookie", cookie()}};
  clock_.advance(minutes(5) - seconds(1));
  EXPECT_EQ(status(link, {}), 302U);
  clock_.advance(seconds(1));
  EXPECT_EQ(status(link, {}), 403U);
  EXPECT_EQ(events_.back().status, 403U);
  EXPECT_EQ(events_.back().identity, nullptr);
  EXPECT_EQ(events_.back().category, audit::Category::kData);
  // Who is in already is shown the way.
  const auto again = send(link, fields);
  EXPECT_EQ(again.status, 302U);
  EXPECT_EQ(again.headers.get("Set-Cookie"), "");
  clock_.advance(minutes(55) - seconds(1));
  EXPECT_EQ(status(kBase + "/lab", fields), 200U);
  clock_.advance(seconds(1));
  EXPECT_EQ(status(kBase + "/lab", fields), 403U);
}

TEST_F(NotebookFaceTest, AnotherStartIsAnotherDoor) {
  const std::string link = opening();
  const Fields fields{{"Cookie", cookie()}};
  routes_.withdraw(kMine);
  EXPECT_EQ(status(kBase + "/lab", fields), 503U);
  EXPECT_EQ(status(link, {}), 503U);
  const std::string of_none = opening();
  routes_.publish(kMine, {.unix_path = path_, .token = "start-2"});
  EXPECT_EQ(status(kBase + "/lab", fields), 403U);
  EXPECT_EQ(status(link, {}), 403U);
  EXPECT_EQ(status(of_none, {}), 403U);
}

TEST_F(NotebookFaceTest, WhatIsForgedOpensNothing) {
  const std::string good = cookie();
  const std::string name = good.substr(0, good.find('=') + 1);
  const std::string link = opening();
  const std::string token = link.substr(link.find('=') + 1);
  std::string bent = token;
  bent[bent.size() / 2] = bent[bent.size() / 2] == '0' ? '1' : '0';
  keys::TestSealer another_key;
  NotebookSessions elsewhere(routes_, another_key, clock_);
  const std::string foreign = elsewhere.authorized_url(kMine, hours(1), kAnn);
  const std::string of_other = opening(kOther);
  for (const std::string& bad :
       {std::string("x"), std::string("00"), bent, token.substr(2), good.substr(name.size()),
        foreign.substr(foreign.find('=') + 1), of_other.substr(of_other.find('=') + 1)}) {
    EXPECT_EQ(status(kBase + "?authToken=" + bad, {}), 403U) << bad;
    if (bad != good.substr(name.size())) {
      EXPECT_EQ(status(kBase + "/lab", {{"Cookie", name + bad}}), 403U) << bad;
    }
  }
  EXPECT_EQ(status(kBase + "/lab", {{"Cookie", name + token}}), 403U);  // a link is no session
  EXPECT_EQ(status(link, {}, "POST"), 405U);
  EXPECT_EQ(status(kBase + "/lab" + link.substr(kBase.size()), {}), 403U);
}

TEST_F(NotebookFaceTest, TheServerBehindGetsItsSecretAndNoneOfOurs) {
  const auto answer =
      send(kBase + "/api/contents?a=b%20c", {{"Cookie", "a=1; " + cookie() + "; _xsrf=2"},
                                             {"Authorization", "token stolen"},
                                             {"X-Forwarded-For", "1.2.3.4"},
                                             {"Connection", "X-Once"},
                                             {"X-Once", "mine"},
                                             {"X-Kept", "yes"}});
  EXPECT_EQ(answer.status, 200U);
  const std::string& said = answer.body;
  EXPECT_TRUE(said.starts_with("GET " + kBase + "/api/contents?a=b%20c\n")) << said;
  for (const std::string part :
       {"Authorization=token start-1\n", "Cookie=a=1; _xsrf=2\n", "X-Kept=yes\n",
        "X-Forwarded-For=127.0.0.1\n", "X-Forwarded-Proto=http\n"}) {
    EXPECT_NE(said.find(part), std::string::npos) << part << said;
  }
  EXPECT_NE(said.find("\nHost=" + host_ + "\n"), std::string::npos) << said;
  for (const std::string part : {"stolen", "1.2.3.4", "X-Once", "clary_"}) {
    EXPECT_EQ(said.find(part), std::string::npos) << part << said;
  }
  EXPECT_EQ(answer.headers.get("X-Content-Type-Options"), "nosniff");
  EXPECT_EQ(answer.headers.get("Content-Security-Policy"), "frame-ancestors 'self'");
  EXPECT_EQ(answer.headers.get("Set-Cookie"), "_xsrf=1; Path=" + kBase);  // ours is not theirs
}

TEST_F(NotebookFaceTest, OtherSitesPagesDoNothing) {
  const std::string mine = cookie();
  const std::string lab = kBase + "/lab";
  const auto with = [&](const Fields& more) {
    Fields fields{{"Cookie", mine}};
    fields.insert(fields.end(), more.begin(), more.end());
    return fields;
  };
  EXPECT_EQ(status(lab, with({{"Origin", "http://" + host_}}), "PUT"), 200U);
  EXPECT_EQ(status(lab, with({{"Origin", "http://notebooks.example:88"}}), "PUT"), 200U);
  EXPECT_EQ(status(lab, with({}), "DELETE"), 200U);  // no browser
  for (const std::string origin : {"http://evil.example", "null", "http://127.0.0.1:1", ""}) {
    EXPECT_EQ(status(lab, with({{"Origin", origin}}), "PUT"), 403U) << origin;
  }
  EXPECT_EQ(status(lab, with({{"Sec-Fetch-Site", "same-site"}, {"Sec-Fetch-Mode", "no-cors"}})),
            403U);
  EXPECT_EQ(status(lab, with({{"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Mode", "navigate"}})),
            200U);
  EXPECT_EQ(status(lab, with({{"Sec-Fetch-Site", "same-origin"}, {"Sec-Fetch-Mode", "cors"}})),
            200U);
  // The public name behind which a proxy stands: JupyterLab compares these two.
  const auto renamed = send(lab, with({{"Origin", "http://notebooks.example:88"}}), "PUT");
  EXPECT_NE(renamed.body.find("\nHost=notebooks.example:88\n"), std::string::npos) << renamed.body;
}

TEST_F(NotebookFaceTest, OnlyNamesOfOursAreAnswered) {
  const std::string mine = cookie();
  const std::string port = ":" + std::to_string(front_->port());
  for (const std::string& host :
       {"localhost" + port, "LOCALHOST" + port, "[::1]" + port, "10.1.2.3" + port}) {
    EXPECT_EQ(status(kBase + "/lab", {{"Host", host}, {"Cookie", mine}}), 200U) << host;
  }
  EXPECT_EQ(status(kBase, {{"Host", "notebooks.example"}}), 403U);  // another port: no cookie of it
  for (const std::string& host : {"evil.example" + port, "127.0.0.1.evil.example" + port,
                                  std::string("localhost.evil.example"), std::string("1.2.3")}) {
    EXPECT_EQ(status(kBase + "/lab", {{"Host", host}, {"Cookie", mine}}), 421U) << host;
  }
}

TEST_F(NotebookFaceTest, PathsThatClimbOrNameNothingAreRefused) {
  const Fields fields{{"Cookie", cookie()}};
  for (const std::string& target :
       {kBase + "/../other/lab", kBase + "/%2e%2e/other/lab", kBase + "/a/..%2fother",
        kBase + "/a/%2E%2E", kBase + "/..%5cother", kBase + "/./lab", kBase + "/%00",
        kBase + "/%zz", "/" + kBase + "/lab", std::string("/"),
        std::string("/111122223333/us-east-1"), std::string("/1/us-east-1/na_me/lab"),
        std::string("/1/US/mine")}) {
    EXPECT_EQ(status(target, fields), 404U) << target;
  }
  EXPECT_EQ(status(kBase + "2/lab", fields), 503U);
  EXPECT_EQ(status(kBase + "/a..b/c...", fields), 200U);
}

TEST_F(NotebookFaceTest, SmuggledRequestsAreTheClientsOwn) {
  RawClient client(front_->port());
  client.send("POST " + kBase + "/x HTTP/1.1\r\nHost: " + host_ + "\r\nCookie: " + cookie() +
              "\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
              "GET /hidden HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_TRUE(client.read_all().starts_with("HTTP/1.1 400 "));
  RawClient second(front_->port());
  second.send("POST " + kBase + "/x HTTP/1.1\r\nHost: " + host_ + "\r\nCookie: " + cookie() +
              "\r\nContent-Length: 35\r\nConnection: close, Content-Length\r\n\r\n"
              "GET /hidden HTTP/1.1\r\nHost: x\r\n\r\nAA");
  const std::string answer = second.read_all();
  EXPECT_TRUE(answer.ends_with("\n35")) << answer;
  EXPECT_EQ(answer.find("GET /hidden"), std::string::npos);
}

TEST_F(NotebookFaceTest, WebSocketsPassFromTheirOwnPagesOnly) {
  const std::string mine = cookie();
  const std::string head = "GET " + kBase + "/api/kernels/1/channels HTTP/1.1\r\nHost: " + host_ +
                           "\r\nCookie: " + mine + "\r\n" + kWebSocket;
  RawClient client(front_->port());
  client.send(head + "Origin: http://" + host_ + "\r\n\r\nearly");
  const std::string answer = client.read_until("early", seconds(10));
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 101 ")) << answer;
  client.send("later");
  EXPECT_EQ(client.read_until("later", seconds(10)), "later");
  for (const std::string origin : {"http://evil.example", "https://evil.example:88", "null"}) {
    RawClient other(front_->port());
    other.send(head + "Origin: " + origin + "\r\n\r\n");
    EXPECT_TRUE(other.read_until("</html>", seconds(10)).starts_with("HTTP/1.1 403 ")) << origin;
  }
}

TEST_F(NotebookFaceTest, ASessionsEndIsItsWebSocketsToo) {
  RawClient client(front_->port());
  client.send("GET " + kBase + "/ws HTTP/1.1\r\nHost: " + host_ +
              "\r\nCookie: " + cookie(kMine, seconds(1)) + "\r\n" + kWebSocket + "\r\n");
  client.read_all();
  EXPECT_TRUE(client.closed());
}

TEST_F(NotebookFaceTest, AServerThatIsGoneIsSaid) {
  const Fields fields{{"Cookie", cookie()}};
  jupyter_->stop(std::chrono::milliseconds(0));
  const auto answer = send(kBase + "/lab", fields);
  EXPECT_EQ(answer.status, 502U);
  EXPECT_NE(answer.body.find("does not answer"), std::string::npos);
}

TEST_F(NotebookFaceTest, SaysWhereNotebooksAre) {
  EXPECT_EQ(sessions_.base_path(kMine), kBase);
  EXPECT_EQ(sessions_.url(kMine), "notebooks.example:88" + kBase);
  EXPECT_TRUE(sessions_.authorized_url(kMine, hours(1), kAnn)
                  .starts_with("http://notebooks.example:88" + kBase + "?authToken="));
}

TEST(Cookies, AreFoundAndLeftOut) {
  RequestHead head;
  head.headers.add("Host", "h:12");
  head.headers.add("Cookie", "a=1;b=2; ab=3");
  EXPECT_EQ(cookie_name("n", head), "n_12");
  EXPECT_EQ(cookie_in(head, "b"), "2");
  EXPECT_EQ(cookie_in(head, "c"), "");
  EXPECT_EQ(cookies_without("a=1;b=2; ab=3;", "a"), "b=2");
}

}  // namespace
}  // namespace clary::server
